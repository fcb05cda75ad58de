import { nameOf } from '../actor.ts'
import type { Matchers, Silence } from '../alert.ts'
import { spoken } from '../duration.ts'
import { shown } from '../text.ts'
import { atText } from './describe.ts'
import { isActive } from './standing.ts'

/** Those that hold now: a time that is over, or an end that somebody gave it, may still have to be told. */
export function holding(silences: readonly Silence[], now: number): Silence[] {
  return silences.filter((silence) => isActive(silence, now))
}

/** What it covers, until when, of whom and why. */
export function silenceLine({ id, matchers, by, why, until }: Silence, now: number): string {
  return `\`${id}\` covers ${matchersText(matchers)} until ${atText(until, now)} (${spoken(until - now)} left), by ${nameOf(by)}: ${shown(why, 300)}`
}

/** `rule \`web\`, datacenter \`dc1\`` */
export function matchersText({ dc, ...others }: Matchers): string {
  const named = { ...others, ...(dc === undefined ? {} : { datacenter: dc }) }
  const parts = Object.entries(named).flatMap(([what, pattern]) =>
    pattern === undefined ? [] : [`${what} ${shown(pattern, 200)}`],
  )
  return parts.join(', ') || 'everything'
}
