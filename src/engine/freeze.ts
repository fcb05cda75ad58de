import { randomUUID } from 'node:crypto'
import { idOf } from '../core/actor.ts'
import { milliseconds } from '../core/duration.ts'
import { frozen, unfrozen } from '../core/freeze.ts'
import { dayAndClock } from '../core/judgment.ts'
import { readAt, readZone } from '../core/schedule/zone.ts'
import { environmentNamed, isKv, kvTarget, outsideWindowOf, targetOf, targetText } from '../core/target.ts'
import type { Asked } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { writeAsked } from './audit.ts'
import type { CrewParts } from './parts.ts'

/** Every environment of the site, and all settings. */
const ALL = 'all'

/** Until when: `4h`, or a day and a time in a zone. */
export type FreezeWish = {
  readonly environment: string
  readonly until: string
  readonly tz?: string | undefined
  readonly why: string
}

/**
 * Nothing new is changed in an environment, in settings (`kv:app`), or in all, until then. Who may was checked with the command, which for all of them needs a rule that
 * names no environments. Throws a `UserError`.
 */
export async function freeze(parts: CrewParts, wish: FreezeWish, asked: Asked): Promise<string> {
  const { store, now } = parts
  const names = namesOf(parts, wish.environment)
  const why = wish.why.trim()
  if (!why) throw new UserError('Say why: `--why "quarter end"`. Everybody who waits will read it.')
  const until = untilOf(parts, wish)
  const at = now()
  for (const name of names)
    await store.alter(
      name,
      (record) => frozen(record, { by: asked.actor, at, until, why }),
      keyOf('freeze', name, asked),
    )
  parts.kick()
  const what = names.length === 1 ? `${names[0]} is` : `${names.join(', ')} are`
  return `🧊 ${what} frozen until ${dayAndClock(until)}. What was started goes on to its end; what is not waits. \`unfreeze ${wish.environment}\` ends it.`
}

/** Ends a freeze before its time. */
export async function unfreeze(parts: CrewParts, environment: string, asked: Asked): Promise<string> {
  const names = namesOf(parts, environment)
  const ended: string[] = []
  for (const name of names) {
    const key = keyOf('unfreeze', name, asked)
    const done = await parts.store.alter(name, (record) => unfrozen(record, asked.actor, parts.now()), key)
    if (done || (await parts.store.seen(key.key))) ended.push(name)
  }
  parts.kick()
  if (ended.length === 0)
    throw new UserError(`${names.length === 1 ? `${names[0]} is` : 'None of them is'} not frozen.`)
  return `${ended.join(', ')} ${ended.length === 1 ? 'is' : 'are'} no longer frozen; what waited for that goes on.`
}

/** The roles of somebody that may let things change an environment outside its windows; empty when he may not. */
export function overridersAmong(parts: Pick<CrewParts, 'site'>, environment: string | null, roles: readonly string[]) {
  const may = outsideWindowOf(parts.site, environment) ?? []
  return may.filter((role) => roles.includes(role))
}

/** What somebody hears who may not. */
export function refusalToOverride(parts: Pick<CrewParts, 'site'>, environment: string | null): string {
  const may = outsideWindowOf(parts.site, environment)
  if (environment === null || may === null) return 'Only what works on an environment, or on settings, has a window.'
  const who = may.length > 0 ? may.map((role) => `\`${role}\``).join(', ') : 'No role of this site'
  return `${who} may let something change ${targetText(environment)} outside its window, or while it is frozen (\`outside_window\` in the site).`
}

/** Lets an execution that waits begin to change things all the same. It needs a role that the site names, and a reason; both are recorded. */
export async function override(parts: CrewParts, id: string, why: string, asked: Asked): Promise<string> {
  const execution = await parts.store.execution(id)
  if (!execution) throw new UserError(`There is no execution \`${id}\`.`)
  const { environment, line } = execution
  const request = `override:${asked.request ?? randomUUID()}`
  const about = {
    who: idOf(asked.actor),
    what: 'override',
    execution: id,
    line,
    ...(environment ? { environment } : {}),
  }
  const refuse = async (said: string): Promise<never> => {
    await parts.audit.note({ kind: 'refused', ...about, why: said }, `refused:${request}`)
    throw new UserError(said)
  }
  const roles = overridersAmong(parts, environment, asked.roles)
  if (roles.length === 0) return refuse(refusalToOverride(parts, environment))
  if (!why.trim()) return refuse('Say why: `--why "the site is down"`.')
  const rule = `outside_window: ${roles.join(', ')}`
  await writeAsked(parts.audit, { kind: 'asked', ...about, rule }, request)
  const under = asked.glass?.length ? { glass: asked.glass } : {}
  const event = { type: 'overridden', by: asked.actor, why: why.trim(), rule, ...under } as const
  const next = await parts.store.tell(id, event, request, asked.until)
  if (!next.changed && next.refused) return refuse(next.refused)
  parts.kick()
  return `\`${id}\` may change ${environment === null ? 'things' : targetText(environment)} now, outside its window. Approvals stay as they are.`
}

function namesOf({ site }: CrewParts, name: string): string[] {
  if (name === ALL) return [...Object.keys(site.environments), ...Object.keys(site.kv).map(kvTarget)]
  if (!isKv(name)) return [environmentNamed(site, name).name]
  targetOf(site, name) // throws where there are no such settings
  return [name]
}

function untilOf({ site, now }: CrewParts, { until, tz }: FreezeWish): number {
  if (/^(\d+(d|h|m|s))+$/.test(until)) return now() + milliseconds(until)
  if (!/^\d{4}-/.test(until.trim()))
    throw new UserError(
      `\`${until}\` is no time. Expected a duration (\`--until 4h\`) or a day and a time (\`--until "2026-11-24 09:00" --tz Asia/Tokyo\`).`,
    )
  return readAt(until, readZone(tz ?? site.schedules.tz), now())
}

function keyOf(what: string, name: string, { request, until }: Asked) {
  return { key: `${what}:${request ?? randomUUID()}:${name}`, value: name, until }
}
