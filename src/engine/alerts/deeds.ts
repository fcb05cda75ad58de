import { randomUUID } from 'node:crypto'
import { distance } from 'fastest-levenshtein'
import { idOf } from '../../core/actor.ts'
import type { AlertAnswers, Mute } from '../../core/alert/asking.ts'
import { SILENT } from '../../core/alert/blind.ts'
import {
  acknowledged,
  acknowledgedText,
  closedBy,
  type Done,
  isForgettable,
  isLostDatacenter,
} from '../../core/alert/deeds.ts'
import { matchersText } from '../../core/alert/describe-silence.ts'
import { covers } from '../../core/alert/route.ts'
import type { AlertGroup, AlertSettings, Matchers, Silence } from '../../core/alert.ts'
import { BLIND, fingerprintOf } from '../../core/alert.ts'
import type { AuditEntry, AuditKind } from '../../core/audit.ts'
import { milliseconds, spoken } from '../../core/duration.ts'
import { dayAndClock } from '../../core/judgment.ts'
import { shown } from '../../core/text.ts'
import type { Asked } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { newId } from '../id.ts'
import type { CrewParts } from '../parts.ts'

/** A conflict means that somebody else moved first; each try reads anew. */
const MOST_TRIES = 50
const MOST_SEARCHED = 2_000
const LATEST = 50

/** What people see and do of alerts, for one asker. */
export function alertsOf(parts: CrewParts, asked: Asked): AlertAnswers {
  const records = parts.store.alerts
  return {
    list: ({ all }) => list(parts, all),
    find: (id) => find(parts, id),
    acknowledge: (id, mute) => acknowledge(parts, asked, id, mute),
    silence: (what, mute) => silence(parts, asked, what, mute),
    unsilence: (id) => unsilence(parts, asked, id),
    silences: () => records.silences(),
    close: (id, why) => close(parts, asked, id, why),
    test: (rule, options) => test(parts, asked, rule, options),
    watched: async () => (await records.known()).seen ?? { by: null, at: null, datacenters: [] },
  }
}

async function list({ store }: CrewParts, all: boolean): Promise<AlertGroup[]> {
  const open = (await store.alerts.open()).filter(({ shownAt, alerts }) => shownAt !== null || alerts.length > 0)
  if (!all) return open.filter(({ endedAt }) => endedAt === null)
  const known = new Set(open.map(({ id }) => id))
  const ids = (await store.alerts.ids(MOST_SEARCHED)).filter((id) => !known.has(id))
  const over: AlertGroup[] = []
  // Many of them may never have been more than pending.
  for (let at = 0; at < ids.length && over.length < LATEST; at += LATEST) {
    const some = await Promise.all(ids.slice(at, at + LATEST).map(store.alerts.group))
    over.push(...some.flatMap((group) => (group === null || group.shownAt === null ? [] : group)))
  }
  return [...open, ...over.slice(0, LATEST)]
}

async function find({ store }: CrewParts, typed: string): Promise<AlertGroup> {
  const wanted = typed.trim().toLowerCase()
  const exactly = await store.alerts.group(wanted)
  if (exactly) return exactly
  const ids = await store.alerts.ids(MOST_SEARCHED)
  const starting = wanted.length >= 3 ? ids.filter((id) => id.startsWith(wanted)) : []
  const [only] = starting
  const found = only !== undefined && starting.length === 1 ? await store.alerts.group(only) : null
  if (found) return found
  const near = starting.length > 0 ? starting : ids.filter((id) => distance(id, wanted) <= 2)
  const names = near.slice(0, 3).map((id) => `\`${id}\``)
  const hint = names.length > 0 ? `Did you mean ${names.join(' or ')}?` : 'See `alerts list`, or `alerts list --all`.'
  throw new UserError(`There is no alert ${shown(typed)}. ${hint}`)
}

async function acknowledge(parts: CrewParts, asked: Asked, typed: string, mute: Partial<Mute>): Promise<string> {
  const settings = settingsOf(parts)
  const wanted = mute.for ?? settings.acknowledge.for
  const most = settings.acknowledge.most
  if (milliseconds(wanted) > milliseconds(most))
    throw new UserError(`An acknowledgement holds for at most ${most} here, and \`${wanted}\` is longer.`)
  const why = mute.why?.trim() || null
  const group = await alter(parts, asked, typed, 'acknowledged', (each, now) =>
    acknowledged(each, { by: asked.actor, why, now, until: now + milliseconds(wanted) }),
  )
  return acknowledgedText(group)
}

async function close(parts: CrewParts, asked: Asked, typed: string, why: string): Promise<string> {
  let gone: string[] = []
  const group = await alter(parts, asked, typed, 'closed', (each, now) => {
    const monitors = each.alerts.filter((alert) => isForgettable(alert) && alert.check.startsWith(SILENT))
    gone = [...monitors.map(underlying), ...each.alerts.filter(isLostDatacenter).map(({ dc }) => dc)]
    return closedBy(each, { by: asked.actor, why: why.trim(), now })
  })
  // A monitor or a datacenter that is closed is not missed any more, until it is seen again.
  for (const what of gone) await parts.store.alerts.unlearn(what)
  return `\`${group.id}\`: what vanished is closed; nobody knows how it ended.`
}

function underlying(alert: AlertGroup['alerts'][number]): string {
  return fingerprintOf({ ...alert, check: alert.check.slice(SILENT.length) })
}

type Change = (group: AlertGroup, now: number) => Done

/** Changes a group once for each request. Throws a `UserError` that says why not; every refusal is recorded. */
async function alter(
  parts: CrewParts,
  asked: Asked,
  typed: string,
  what: AuditKind,
  change: Change,
): Promise<AlertGroup> {
  const { store, now } = parts
  const key = `alert-${what}:${asked.request ?? randomUUID()}`
  const { id } = await find(parts, typed)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const before = await store.alerts.group(id)
    if (!before) throw new UserError(`There is no alert \`${id}\` any more.`)
    const done = change(before, now())
    if ('refused' in done) {
      if (await store.seen(key)) return before
      await parts.audit.note(
        { kind: 'refused', who: idOf(asked.actor), what: `${what} ${id}`, why: done.refused },
        `refused:${key}`,
      )
      throw new UserError(done.refused)
    }
    const { group } = done
    const note = group.notes.at(-1)
    const effects = [
      { do: 'show' as const, message: `alert-note:${id}:${note?.n}`, at: now() },
      ...group.escalated
        .filter(({ channel }) => channel !== null)
        .map(({ step }) => ({ do: 'show' as const, message: `alert-escalation:${id}:${step}`, at: now() })),
    ]
    const until = note?.until === undefined ? {} : { until: new Date(note.until).toISOString() }
    const entry = { ...recordOf(asked, what, id), ...(note?.why ? { why: note.why } : {}), ...until }
    const request = { key, value: id, until: asked.until }
    const result = await store.alerts.commit({ alerts: [group], effects, audit: [entry], request })
    if (result === 'conflict') continue
    parts.kick()
    return (await store.alerts.group(id)) ?? group
  }
  throw new Error(`The alert ${id} was changed by somebody else ${MOST_TRIES} times in a row.`)
}

function recordOf({ actor, channel }: Asked, kind: AuditKind, what: string): AuditEntry {
  return { kind, who: idOf(actor), what, ...(channel ? { channel } : {}) }
}

async function silence(parts: CrewParts, asked: Asked, what: string | Matchers, mute: Mute): Promise<string> {
  const { store, now } = parts
  const { silence: limits } = settingsOf(parts)
  const why = mute.why.trim()
  if (!why) throw new UserError('Say why: `--why "the disk comes on Monday"`. Whoever sees the silence has to know.')
  const time = milliseconds(mute.for ?? '')
  if (time > milliseconds(limits.most))
    throw new UserError(`A silence lasts at most ${limits.most} here, and \`${mute.for}\` is longer.`)
  const key = `alert-silenced:${asked.request ?? randomUUID()}`
  const group = typeof what === 'string' ? await find(parts, what) : null
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

async function unsilence(parts: CrewParts, asked: Asked, typed: string): Promise<string> {
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

type TestWish = { readonly status: 'warning' | 'critical'; readonly for: string }

async function test(parts: CrewParts, asked: Asked, rule: string, { status, for: time }: TestWish): Promise<string> {
  const { rules } = settingsOf(parts)
  if (rule !== BLIND && !rules.some(({ name }) => name === rule)) throw new UserError(`There is no rule \`${rule}\`.`)
  if (milliseconds(time) > milliseconds('1h')) throw new UserError('A test lasts at most 1h.')
  const id = newId(`alert-test:${asked.request ?? randomUUID()}`)
  const until = parts.now() + milliseconds(time)
  await parts.store.alerts.addTest({ id, rule, status, by: asked.actor, until })
  parts.kick()
  return `The rule \`${rule}\` fires a test now, in the datacenter \`test\`; it ends by itself in ${spoken(milliseconds(time))}.`
}

function settingsOf({ site }: CrewParts): AlertSettings {
  if (site.alerts) return site.alerts
  throw new UserError('This site has no alerts: give groundcrew.yml a section `alerts`; docs/alerts.md says how.')
}
