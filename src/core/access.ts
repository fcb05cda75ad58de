import type { Actor } from './actor.ts'
import { idOf } from './actor.ts'
import type { Permission, Site } from './site.ts'
import { targetText } from './target.ts'

/** What somebody wants to do, as far as rights are concerned. */
export type Wanted = {
  readonly command: string
  readonly allow: readonly string[]
  readonly args: Readonly<Record<string, unknown>>
  readonly environment: string | null
}

export type Decision =
  | { readonly allowed: true; readonly rule: string }
  | { readonly allowed: false; readonly why: string; readonly roles: readonly string[] }

/** Members of the user groups that the site names, as Slack said; a group that is not in it could not be looked up. */
export type Groups = ReadonlyMap<string, ReadonlySet<string>>

/** The roles of an actor. A user group that could not be looked up gives nobody a role: no answer means no. */
export function rolesOf(site: Site, actor: Actor, groups: Groups): string[] {
  // A schedule has the rights of its owner, as they are now.
  if (actor.kind === 'schedule') return rolesOf(site, actor.owner, groups)
  return Object.entries(site.roles)
    .filter(([, role]) => {
      const listed = role.members.some((member) => isMember(site, member, actor))
      const grouped = role.user_groups.some((group) => isInGroup(site, groups.get(group), actor))
      return listed || grouped
    })
    .map(([name]) => name)
}

/**
 * May somebody with these roles do this? Yes only when one of their roles is named by the command's `allow` AND has a rule
 * in the site for this command, environment and values. `everyone` in `allow` is the only way to need no role.
 */
export function decide(site: Site, roles: readonly string[], wanted: Wanted): Decision {
  if (wanted.allow.includes('everyone')) return { allowed: true, rule: 'everyone may' }
  for (const role of roles.filter((role) => wanted.allow.includes(role))) {
    const index = site.roles[role]?.may.findIndex((permission) => covers(permission, wanted)) ?? -1
    if (index >= 0) return { allowed: true, rule: `roles.${role}.may[${index}]` }
  }
  const may = rolesThatMay(site, wanted)
  return { allowed: false, roles: may, why: refusal(wanted, roles, may) }
}

/** The roles that may do this; empty when nobody may. */
export function rolesThatMay(site: Site, wanted: Wanted): string[] {
  return Object.entries(site.roles)
    .filter(([name, role]) => wanted.allow.includes(name) && role.may.some((permission) => covers(permission, wanted)))
    .map(([name]) => name)
}

/** Whether the command could be allowed for some values: what help lists. */
export function mayEver(site: Site, roles: readonly string[], command: string, allow: readonly string[]): boolean {
  if (allow.includes('everyone')) return true
  return roles.some(
    (role) =>
      allow.includes(role) && site.roles[role]?.may.some(({ commands }) => commands.some((p) => matches(p, command))),
  )
}

function refusal(wanted: Wanted, roles: readonly string[], may: readonly string[]): string {
  const what = wanted.environment
    ? `\`${wanted.command}\` on ${targetText(wanted.environment)}`
    : `\`${wanted.command}\``
  const have = roles.length ? `You have ${list(roles)}` : 'You have no role here'
  const who = may.length ? `${list(may)} may` : 'no role may, with these values; the site has no rule for it'
  return `You may not run ${what}. ${have}; ${who}.`
}

function covers(permission: Permission, wanted: Wanted): boolean {
  if (!permission.commands.some((pattern) => matches(pattern, wanted.command))) return false
  if (permission.environments && (!wanted.environment || !permission.environments.includes(wanted.environment)))
    return false
  return Object.entries(permission.args ?? {}).every(
    ([name, values]) => !Object.hasOwn(wanted.args, name) || values.includes(String(wanted.args[name])),
  )
}

/** `*` stands for any text: `loadtest *`, `runs list`, `*`. */
function matches(pattern: string, command: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${source.join('.*')}$`).test(command)
}

function isMember(site: Site, member: string, actor: Actor): boolean {
  if (actor.kind === 'webhook' || actor.kind === 'trigger') return member === idOf(actor)
  if (actor.kind === 'shell') return member === `shell:${actor.user}` || member === 'shell:*'
  if (actor.kind !== 'slack') return false
  return (member.includes('/') ? member : `${site.slack.team}/${member}`) === `${actor.team}/${actor.user}`
}

function isInGroup(site: Site, members: ReadonlySet<string> | undefined, actor: Actor): boolean {
  return actor.kind === 'slack' && actor.team === site.slack.team && (members?.has(actor.user) ?? false)
}

function list(roles: readonly string[]): string {
  return roles.map((role) => `\`${role}\``).join(', ')
}
