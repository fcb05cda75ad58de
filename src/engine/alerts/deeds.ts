import { randomUUID } from 'node:crypto'
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
import type { AlertGroup } from '../../core/alert.ts'
import { BLIND, fingerprintOf } from '../../core/alert.ts'
import type { AuditKind } from '../../core/audit.ts'
import { milliseconds, spoken } from '../../core/duration.ts'
import type { Asked } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { newId } from '../id.ts'
import type { CrewParts } from '../parts.ts'
import { findGroup, MOST_SEARCHED, MOST_TRIES, recordOf, settingsOf } from './found.ts'
import { silence, unsilence } from './silences.ts'

const LATEST = 50

/** What people see and do of alerts, for one asker. */
export function alertsOf(parts: CrewParts, asked: Asked): AlertAnswers {
  const records = parts.store.alerts
  return {
    list: ({ all }) => list(parts, all),
    find: (id) => findGroup(parts, id),
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
  const { id } = await findGroup(parts, typed)
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
