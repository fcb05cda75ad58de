import { nameOf } from '../actor.ts'
import { spoken } from '../duration.ts'
import { dayAndClock } from '../judgment.ts'
import { asCode } from '../text.ts'
import type { ServiceWatch } from './watch.ts'

/** What whoever asked is told; the message says the rest. */
export function startedText({ id, service, dc, until }: ServiceWatch, now: number): string {
  const where = dc === null ? 'in all datacenters' : `in ${asCode(dc)}`
  return `${asCode(service)} is followed ${where} for ${spoken(until - now)} as \`${id}\`: its message says how it stands, and the thread tells each change.`
}

/** A watch in a line. */
export function watchLine({ id, service, dc, by, until, told }: ServiceWatch, now: number): string {
  const where = dc === null ? '' : ` in ${asCode(dc)}`
  const changes = told === 0 ? 'no change yet' : `${told} ${told === 1 ? 'change' : 'changes'} told`
  return `• ${asCode(service)}${where} by ${nameOf(by)} until ${dayAndClock(until)} (${spoken(until - now)}), ${changes} (\`${id}\`)`
}
