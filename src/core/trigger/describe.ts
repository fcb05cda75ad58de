import { spoken } from '../duration.ts'
import { dayAndClock, rolesText } from '../judgment.ts'
import { wordOf } from '../status-word.ts'
import { asCode, shown } from '../text.ts'
import { isOnJenkins, isOnService } from './on.ts'
import type { TriggerSettings } from './settings.ts'
import type { Look, TriggerStanding, Turned } from './standing.ts'

/** Every trigger is looked at each few seconds; after this long nobody does. */
const QUIET_MS = 60_000

/** A trigger as `triggers list` shows it: what it waits for, who it is, how the last looks went, and what became of what happened. */
export function describeTrigger(standing: TriggerStanding, now: number): string[] {
  const { name, settings, looks, refused, passed, lost } = standing
  const where = settings.channel === undefined ? '' : `, told in ${settings.channel}`
  const turned = (word: string, what: Turned | null) =>
    what ? [`   ${word} ${dayAndClock(what.at)}: ${shown(what.what)}. ${what.why}`] : []
  return [
    `*${name}*: ${waitsFor(settings)}; then ${asCode(settings.line)}${where}`,
    `   ${mayText(standing)}`,
    ...looksText(looks, now),
    `   last: ${lastText(standing)}`,
    ...turned('last refused', refused),
    ...turned('last passed over', passed),
    ...turned('*missed*', lost),
  ]
}

function waitsFor({ on, existing }: TriggerSettings): string {
  const also = existing ? ', also what is there at the first look' : ''
  if (isOnJenkins(on)) {
    const own = on.own ? ', also one that Groundcrew started' : ''
    return `a build of the Jenkins job ${on.jenkins} that ends with ${on.result.join(', ')}${patterns(on.parameters)}${own}${also}`
  }
  if (!isOnService(on)) return `the event ${on.event}${patterns({ payload: on.payload })}${also}`
  const tag = on.tag === undefined ? '' : ` with the tag ${shown(on.tag)}`
  return `an instance of ${on.service}${tag} that appears in ${on.dc ?? 'any datacenter'} and passes${also}`
}

function patterns(given: Readonly<Record<string, string | undefined>>): string {
  const held = Object.entries(given).flatMap(([name, pattern]) =>
    pattern === undefined ? [] : [`${name} ${asCode(pattern)}`],
  )
  return held.length === 0 ? '' : `, with ${held.join(', ')}`
}

function mayText({ name, roles, may }: TriggerStanding): string {
  const who = `\`trigger:${name}\``
  const command = `\`${may.command}\``
  if (may.roles.includes('everyone')) return `as ${who}; everyone may ${command}`
  const file = `the file of ${command} allows ${may.roles.length === 0 ? 'no role' : rolesText(may.roles)}`
  if (roles.length === 0)
    return `*may do nothing*: no role of the site has the member ${who}, so that all of it is refused; ${file}`
  const has = `as ${who}, with ${rolesText(roles)}`
  if (!may.allowed) return `*may not* ${command} ${has}: ${file}, and such a role needs a rule for it in the site`
  return `${has}, which may ${command}`
}

function looksText(looks: readonly Look[], now: number): string[] {
  if (looks.length === 0) return ['   *not looked at yet*: a bot looks some seconds after it starts with this site']
  const last = Math.max(...looks.map(({ at }) => at))
  const silent =
    now - last > QUIET_MS ? [`   *nobody looks* since ${dayAndClock(last)}: does a bot run with this site?`] : []
  const lines = looks.map(({ where, at, saw, wrong }) =>
    wrong === null
      ? `   ${where}, looked at ${spoken(now - at)} ago: ${saw ?? 'called off'}`
      : `   ${where}, *trouble* ${spoken(now - at)} ago, it is tried again: ${wrong}`,
  )
  return [...silent, ...lines]
}

/** Who waits in vain for what was there before is told why. */
function lastText({ fired, settings }: TriggerStanding): string {
  if (fired.length > 0) return fired.map((each) => firedText(each)).join('; ')
  return `nothing began yet${settings.existing ? '' : '; what was there at the first look counts only with `existing: true`'}`
}

function firedText({ at, what, execution, run }: TriggerStanding['fired'][number]): string {
  return `${dayAndClock(at)} ${shown(what)} began \`${execution}\`${run ? ` *${wordOf(run)}*` : ''}`
}
