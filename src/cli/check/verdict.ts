import { shown } from '../../core/text.ts'
import { UserError } from '../../errors.ts'
import type { Counts } from '../../monitors/vault-audit/count.ts'

export type Status = 'passing' | 'warning' | 'critical'
export type Verdict = { readonly status: Status; readonly text: string }

const COUNTED = ['denied', 'failedLogin', 'wrappingInvalid'] as const
type Counted = (typeof COUNTED)[number]
type Limits = Readonly<Partial<Record<Counted, number>>>
export type Thresholds = { readonly warning: Limits; readonly critical: Limits }

/** A wrapping token that somebody else used up is a sign of interception, however rare. */
const WARNING: Limits = { denied: 10, failedLogin: 10, wrappingInvalid: 1 }
const CRITICAL: Limits = { denied: 100, failedLogin: 100 }

/** Over this share of lines that cannot be read, the counts say nothing. */
const UNREADABLE_SHARE = 0.01

/** `--warning 10`, `--critical failedLogin=50`: over the defaults; 0 turns one off. Throws a `UserError` for anything else. */
export function thresholdsIn(warning: readonly string[], critical: readonly string[]): Thresholds {
  return { warning: { ...WARNING, ...limitsIn(warning) }, critical: { ...CRITICAL, ...limitsIn(critical) } }
}

function limitsIn(texts: readonly string[]): Limits {
  return Object.assign({}, ...texts.map(limitIn)) as Limits
}

function limitIn(text: string): Limits {
  const [, name = 'denied', count = ''] = /^(?:(\w+)=)?(\d{1,9})$/.exec(text) ?? []
  const counted = COUNTED.find((known) => known === name)
  if (counted && count !== '') return { [counted]: Number(count) }
  throw new UserError(
    `${shown(text)} is no threshold. Write a number for denied requests, or NAME=NUMBER with ${COUNTED.join(', ')}; 0 is off.`,
  )
}

/** What the counts of a whole file mean, with the reason first. */
export function verdictOf(counts: Counts, thresholds: Thresholds): Verdict {
  if (counts.jsonx > 0)
    return {
      status: 'critical',
      text: `CRITICAL: ${counts.jsonx} lines are JSONx, which nobody here reads. Enable the device with format=json.`,
    }
  if (counts.lines > 0 && (counts.unparsable + counts.oversize) / counts.lines > UNREADABLE_SHARE)
    return { status: 'critical', text: `CRITICAL: the monitor cannot read the log. ${sums(counts)}` }
  const status = (['critical', 'warning'] as const).find((level) =>
    COUNTED.some((name) => over(counts[name], thresholds[level][name])),
  )
  return { status: status ?? 'passing', text: `${(status ?? 'passing').toUpperCase()}: ${sums(counts)}` }
}

const over = (count: number, limit = 0) => limit > 0 && count >= limit

function sums(counts: Counts): string {
  const { lines, denied, failedLogin, wrappingInvalid, unparsable, oversize, excluded, byClass } = counts
  const classes = Object.entries(byClass)
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
  const detail = classes.length > 0 ? ` (${classes.join(', ')})` : ''
  const left = excluded > 0 ? `, ${excluded} of excluded principals` : ''
  return `${denied} denied${detail}, ${failedLogin} failed logins, ${wrappingInvalid} invalid wrapping tokens${left}; ${lines} lines, ${unparsable} unparsable, ${oversize} oversize.`
}
