import { randomUUID } from 'node:crypto'
import { idOf } from '../core/actor.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import { readUntil } from '../core/freeze/until.ts'
import type { Freeze } from '../core/freeze.ts'
import { freezeOf, freezeText, frozen, unfrozen } from '../core/freeze.ts'
import { zonedText } from '../core/schedule/zone.ts'
import { environmentNamed, isKv, kvTarget, outsideWindowOf, targetOf, targetText } from '../core/target.ts'
import type { Asked } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { writeAsked } from './audit.ts'
import type { CrewParts } from './parts.ts'
import { underOf } from './rights.ts'

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
  const at = now()
  const { at: until, zone } = readUntil(wish.until, { tz: wish.tz, usual: parts.site.schedules.tz, now: at })
  const earlier: string[] = []
  for (const name of names) {
    let before: Freeze | null = null
    const change = (record: EnvironmentRecord) => {
      before = freezeOf(record, at)
      return frozen(record, { by: asked.actor, at, until, why })
    }
    const done = await store.alter(name, change, keyOf('freeze', name, asked))
    if (done && before) earlier.push(replacedText(name, before))
  }
  parts.kick()
  const what = names.length === 1 ? `${names[0]} is` : `${names.join(', ')} are`
  const said = `🧊 ${what} frozen until ${zonedText(until, zone)}. What was started goes on to its end; what is not waits. \`unfreeze ${wish.environment}\` ends it.`
  return [said, ...earlier].join('\n')
}

/** A shorter freeze may end what somebody else wanted for longer: whoever asks reads what it was. */
function replacedText(name: string, freeze: Freeze): string {
  return `It takes the place of an earlier one: ${name} ${freezeText(freeze).replace(/^is/, 'was')}.`
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
    throw new UserError(names.length === 1 ? `${names[0]} is not frozen.` : 'None of them is frozen.')
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
  const event = { type: 'overridden', by: asked.actor, why: why.trim(), rule, ...underOf(asked) } as const
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

function keyOf(what: string, name: string, { request, until, glass: under }: Asked) {
  return { key: `${what}:${request ?? randomUUID()}:${name}`, value: name, until, under }
}
