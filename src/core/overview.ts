import { nameOf } from './actor.ts'
import { costAt, money } from './cost.ts'
import { spoken } from './duration.ts'
import type { EnvironmentRecord } from './environment.ts'
import { freezeOf, freezeText } from './freeze.ts'
import { dayAndClock } from './judgment.ts'
import { isKv } from './target.ts'
import { shown } from './text.ts'

type Now = { readonly now: number; readonly currency: string }

/** An environment in a line: up or down, age, size, cost so far, time left, and who works on it. */
export function overviewLine(environment: EnvironmentRecord, at: Now): string {
  const parts = [
    stateText(environment),
    ...ageAndSize(environment, at),
    costText(environment, at),
    timeLeft(environment, at),
    lockText(environment, at),
    frozenText(environment, at),
  ]
  return `*${environment.name}*: ${parts.filter(Boolean).join(', ')}`
}

/** The settings (`kv:app`) that are frozen, a line each; of what else is frozen the line of the environment says it. */
export function frozenSettings(records: readonly EnvironmentRecord[], at: Now): string[] {
  return records
    .filter((each) => isKv(each.name) && freezeOf(each, at.now))
    .map((each) => `*${each.name}*: ${frozenText(each, at)}`)
}

/** The same with all there is to know, a line each. */
export function overviewLines(environment: EnvironmentRecord, at: Now): string[] {
  const { live, last, queue } = environment
  const variables = Object.entries(live?.variables ?? {}).map(([name, value]) => `\`${name} = ${value}\``)
  const chosen = Object.keys(live?.kept ?? {})
  return [
    overviewLine(environment, at),
    ...(variables.length > 0 ? [`With ${variables.join(', ')}`] : []),
    ...(chosen.length > 0 ? [`Chosen besides the size: ${chosen.map((name) => `\`${name}\``).join(', ')}`] : []),
    ...(last ? [`Last changed by ${shown(last.line)} (\`${last.execution}\`) at ${dayAndClock(last.at)}`] : []),
    ...queue.map(
      (claim, index) =>
        `${index + 1}. in the queue: ${shown(claim.line)} (\`${claim.execution}\`) of ${nameOf(claim.actor)}`,
    ),
  ]
}

function stateText({ last }: EnvironmentRecord): string {
  if (!last) return '▫️ nothing was applied yet'
  return last.up ? '🟢 up' : '⬇️ down'
}

function ageAndSize({ last, live, cost }: EnvironmentRecord, { now }: Now): string[] {
  if (!last?.up) return last ? [`since ${dayAndClock(last.at)}`] : []
  const since = cost && cost.until === null ? cost.since : live?.since
  const age = since === undefined ? [] : [`for ${spoken(now - since)}`]
  if (!live) return [...age, 'what runs is not known: the first apply did not end well']
  return [
    ...age,
    live.size === null ? 'no size' : `size \`${live.size}\`${overridden(live) ? ', with counts of its own' : ''}`,
  ]
}

function overridden({ kept }: { kept: object }): boolean {
  return Object.keys(kept).length > 0
}

/** What it has cost; "at least" where an apply ended so that nobody knows what ran. */
function costText({ cost }: EnvironmentRecord, { now, currency }: Now): string {
  if (!cost || (cost.rate === null && cost.spent === 0)) return ''
  const { spent, sure } = costAt(cost, now)
  const so = `${sure ? '' : 'at least '}${money(spent, currency)}`
  if (cost.until !== null) return `it cost ${so} while it was up`
  const rate =
    cost.applying === null && cost.rate !== null
      ? `${money(cost.rate, currency)} an hour`
      : 'its price an hour is not known now'
  return `${so} so far, ${rate}`
}

function timeLeft({ lifetime }: EnvironmentRecord, { now }: Now): string {
  if (!lifetime) return ''
  if (lifetime.ending) return `being taken down by \`${lifetime.ending}\``
  return `${spoken(lifetime.endsAt - now)} left (until ${dayAndClock(lifetime.endsAt)})`
}

function lockText({ lock, queue }: EnvironmentRecord, { now }: Now): string {
  if (!lock) return ''
  const waiting = queue.length > 0 ? `, ${queue.length} in the queue` : ''
  return `🔒 locked by ${shown(lock.line)} (\`${lock.execution}\`) of ${nameOf(lock.actor)} for ${spoken(now - lock.since)}${waiting}`
}

function frozenText(environment: EnvironmentRecord, { now }: Now): string {
  const freeze = freezeOf(environment, now)
  return freeze ? `🧊 ${freezeText(freeze)}` : ''
}
