import { randomUUID } from 'node:crypto'
import type { Mute } from '../../core/alert/asking.ts'
import { matchersText } from '../../core/alert/describe-silence.ts'
import { covers } from '../../core/alert/route.ts'
import type { Matchers, Silence } from '../../core/alert.ts'
import { milliseconds, spoken } from '../../core/duration.ts'
import { dayAndClock } from '../../core/judgment.ts'
import { shown } from '../../core/text.ts'
import type { Asked } from '../../core/workflow.ts'
import { FieldRefusal, UserError } from '../../errors.ts'
import { newId } from '../id.ts'
import type { CrewParts } from '../parts.ts'
import { findGroup, MOST_TRIES, recordOf, settingsOf } from './found.ts'

/** Keeps still about a group, or about whatever fits, until then. Throws a `UserError` that says why not. */
export async function silence(parts: CrewParts, asked: Asked, what: string | Matchers, mute: Mute): Promise<string> {
  const { store, now } = parts
  const { silence: limits } = settingsOf(parts)
  const why = mute.why.trim()
  if (!why) throw new UserError('Say why: `--why "the disk comes on Monday"`. Whoever sees the silence has to know.')
  const time = milliseconds(mute.for ?? '')
  if (time > milliseconds(limits.most))
    throw new FieldRefusal('for', `A silence lasts at most ${limits.most} here, and \`${mute.for}\` is longer.`)
  const key = `alert-silenced:${asked.request ?? randomUUID()}`
  const group = typeof what === 'string' ? await findGroup(parts, what) : null
  const matchers: Matchers = group ? { rule: group.rule, dc: group.dc, severity: group.severity } : (what as Matchers)
  const id = newId(key)
  const made: Silence = {
    ...{ id, version: 0, matchers, by: asked.actor, why, from: now(), until: now() + time, ended: null, closed: false },
  }
  const audit = [
    {
      ...recordOf(asked, 'silenced', `${id}: ${matchersText(matchers)}`),
      why,
      until: new Date(made.until).toISOString(),
    },
  ]
  await store.alerts.commit({ silences: [made], audit, request: { key, value: id, until: asked.until } })
  parts.kick()
  const stored = (await store.alerts.silence(id)) ?? made
  const fits = (await store.alerts.open()).flatMap(({ rule, severity, alerts }) =>
    alerts.filter((alert) => alert.state !== 'resolved' && covers(stored, { ...alert, rule, severity })),
  )
  const covered =
    fits.length === 0 ? 'nothing fires that it covers now' : `it covers ${fits.length} that fire or are about to`
  return `Silenced until ${dayAndClock(stored.until)} (${spoken(time)}) as \`${id}\`: ${matchersText(matchers)}; ${covered}. You are told before it ends. \`alerts unsilence ${id}\` ends it.`
}

/** Ends a silence before its time: what still fires is told at once. */
export async function unsilence(parts: CrewParts, asked: Asked, typed: string): Promise<string> {
  const { store, now } = parts
  const wanted = typed.trim().toLowerCase()
  const open = await store.alerts.silences()
  const starting = open.filter(({ id }) => id === wanted || (wanted.length >= 3 && id.startsWith(wanted)))
  const found = starting.find(({ id }) => id === wanted) ?? (starting.length === 1 ? starting[0] : undefined)
  const key = `alert-unsilenced:${asked.request ?? randomUUID()}`
  const before = await store.seen(key)
  if (before) return `The silence \`${before}\` is ended.`
  if (!found) {
    const names = open.map(({ id }) => `\`${id}\``).slice(0, 5)
    const there = names.length > 0 ? `There are ${names.join(', ')}; see \`alerts silences\`.` : 'There is none at all.'
    throw new UserError(`There is no silence ${shown(typed)}. ${there}`)
  }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const silence = await store.alerts.silence(found.id)
    if (!silence || silence.closed || silence.ended) return `The silence \`${found.id}\` is over already.`
    const ended = { ...silence, ended: { by: asked.actor, at: now() } }
    const audit = [recordOf(asked, 'unsilenced', found.id)]
    const request = { key, value: found.id, until: asked.until }
    if ((await store.alerts.commit({ silences: [ended], audit, request })) === 'conflict') continue
    parts.kick()
    return `The silence \`${found.id}\` is ended; what still fires is told at once.`
  }
  throw new Error(`The silence ${found.id} was changed by somebody else ${MOST_TRIES} times in a row.`)
}
