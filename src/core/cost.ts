import type { Variables } from './site.ts'

/**
 * What an environment has cost since it came up. Until `at` that is `spent`; from then on `rate` an hour (null: the site gives no
 * prices). `sure` is false once an apply ended so that nobody knows what ran: all of it is then "at least". While an apply runs,
 * `applying` holds the rate that it leads to.
 */
export type Cost = {
  readonly since: number
  readonly at: number
  readonly rate: number | null
  readonly spent: number
  readonly sure: boolean
  readonly applying: number | null
  /** When it was taken down; what it cost until then stays to be read. */
  readonly until: number | null
}

const HOUR = 3_600_000

/** As cloud providers count a month. */
const HOURS_A_MONTH = 730

/** What instances cost an hour, each counted by a variable; null where the site gives no price for any of them. */
export function rateOf(prices: Readonly<Record<string, number>>, variables: Variables): number | null {
  const priced = Object.entries(prices)
  if (priced.length === 0) return null
  return tidy(priced.reduce((sum, [variable, price]) => sum + price * countOf(variables[variable]), 0))
}

function countOf(value: Variables[string] | undefined): number {
  const count = Number(value ?? 0)
  return Number.isFinite(count) && count > 0 ? count : 0
}

/** An apply begins: from now on nobody knows which of the two rates holds, until it has ended. */
export function costBegins(cost: Cost | null, rate: number | null, now: number): Cost {
  const before = cost && cost.until === null ? closed(cost, now) : fresh(now)
  return { ...before, applying: rate ?? 0 }
}

/** An apply never began after all. */
export function costGoesOn(cost: Cost | null): Cost | null {
  return cost && { ...cost, applying: null }
}

/** An apply ended: well, and then the dearer rate counts for as long as it ran, or otherwise, and then at least the cheaper one. */
export function costAfter(
  cost: Cost | null,
  end: { well: boolean; rate: number | null; down: boolean },
  now: number,
): Cost {
  const running = cost && cost.until === null ? cost : fresh(now)
  const span = Math.max(0, now - running.at) / HOUR
  const [before, after] = [running.rate ?? 0, running.applying ?? end.rate ?? 0]
  const meanwhile = running.applying === null ? before : end.well ? Math.max(before, after) : Math.min(before, after)
  const spent = running.spent + span * meanwhile
  const known = end.well ? end.rate : lesser(running.rate, end.rate)
  return {
    ...running,
    at: now,
    spent,
    rate: end.down ? 0 : known,
    sure: running.sure && end.well,
    applying: null,
    until: end.down ? now : null,
  }
}

/** Everything spent until now, and whether that is all of it. */
export function costAt(cost: Cost, now: number): { readonly spent: number; readonly sure: boolean } {
  if (cost.until !== null) return { spent: cost.spent, sure: cost.sure }
  const rate = cost.applying === null ? (cost.rate ?? 0) : Math.min(cost.rate ?? 0, cost.applying)
  return { spent: cost.spent + (Math.max(0, now - cost.at) / HOUR) * rate, sure: cost.sure && cost.applying === null }
}

/** `12.40 USD`; a small price keeps the digits that matter. */
export function money(amount: number, currency: string): string {
  const size = Math.abs(amount)
  const digits = size === 0 || size >= 0.1 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(size)))
  return `${amount.toFixed(digits)} ${currency}`
}

/** What a change of the rate means, in a line: per hour and per month, before, after and the difference. */
export function rateChange(before: number | null, after: number | null, currency: string): string | null {
  if (after === null) return null
  const from = before ?? 0
  const difference = (by: number) => `${by >= 0 ? '+' : ''}${money(by, currency)}`
  if (from === after) return `${money(after, currency)} an hour, as before`
  const [was, is] = [from * HOURS_A_MONTH, after * HOURS_A_MONTH]
  return (
    `${money(from, currency)} → ${money(after, currency)} an hour (${difference(tidy(after - from))}), ` +
    `about ${money(was, currency)} → ${money(is, currency)} a month (${difference(tidy(is - was))})`
  )
}

/** An apply that nobody saw end may have begun before: what it left is the cheaper of the two, at least. */
function closed(cost: Cost, now: number): Cost {
  const { spent, sure } = costAt(cost, now)
  const rate = cost.applying === null ? cost.rate : Math.min(cost.rate ?? 0, cost.applying)
  return { ...cost, at: now, spent, sure, rate, applying: null }
}

function fresh(now: number): Cost {
  return { since: now, at: now, rate: null, spent: 0, sure: true, applying: null, until: null }
}

function lesser(one: number | null, other: number | null): number | null {
  return one === null && other === null ? null : Math.min(one ?? 0, other ?? 0)
}

/** Without the dust of binary fractions: `0.1 + 0.2` is 0.3. */
function tidy(amount: number): number {
  return Math.round(amount * 1e9) / 1e9
}
