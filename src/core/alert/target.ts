import type { AlertRule, AlertSettings, CheckRow, Severity } from '../alert.ts'
import { milliseconds } from '../duration.ts'
import { ruleFor, severityOf } from './route.ts'

/** The group that an alert belongs to, and how long it has to be bad before it fires, in milliseconds. */
export type Target = { readonly rule: string; readonly severity: Severity; readonly raiseAfter: number }

type Remembered = {
  readonly rows: WeakMap<CheckRow, Target | null>
  readonly rules: Map<AlertRule, Map<Severity, Target>>
}

const known = new WeakMap<AlertSettings, Remembered>()

/**
 * Where a check that is bad belongs by the rules of the site, the very object for all of one group; null: it is no alert. Remembered for
 * each row, which is another object when anything in it changed: there may be thousands of them, and rules by the hundred.
 */
export function targetOf(settings: AlertSettings, row: CheckRow, status: 'warning' | 'critical'): Target | null {
  const { rows, rules } = rememberedOf(settings)
  const before = rows.get(row)
  if (before !== undefined) return before
  const rule = ruleFor(settings, { ...row, status })
  const target = rule?.alert ? ofRule(rules, rule, status) : null
  rows.set(row, target)
  return target
}

function rememberedOf(settings: AlertSettings): Remembered {
  const before = known.get(settings)
  if (before) return before
  const fresh: Remembered = { rows: new WeakMap(), rules: new Map() }
  known.set(settings, fresh)
  return fresh
}

function ofRule(rules: Remembered['rules'], rule: AlertRule, status: 'warning' | 'critical'): Target {
  const severity = severityOf(rule, status)
  const targets = rules.get(rule) ?? new Map<Severity, Target>()
  const target = targets.get(severity) ?? { rule: rule.name, severity, raiseAfter: delayOf(rule.raise_after) }
  rules.set(rule, targets.set(severity, target))
  return target
}

export function delayOf(text: string): number {
  return text === '0s' ? 0 : milliseconds(text)
}
