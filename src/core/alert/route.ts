import type { AlertRule, AlertSettings, CheckRow, EscalationStep, Matchers, Severity, Silence } from '../alert.ts'
import { BLIND } from '../alert.ts'

/** What a rule looks at in a check. */
export type Routed = Pick<CheckRow, 'dc' | 'node' | 'check' | 'name' | 'service' | 'tags'> & {
  readonly status: 'warning' | 'critical'
}

/** The first rule that fits, or null. What fits none is no alert, nor is what fits a rule that says `alert: false`. */
export function ruleFor({ rules }: AlertSettings, check: Routed): AlertRule | null {
  return rules.find((rule) => fits(rule, check)) ?? null
}

function fits(rule: AlertRule, check: Routed): boolean {
  return (
    rule.status.includes(check.status) &&
    like(rule.datacenter, check.dc) &&
    like(rule.node, check.node) &&
    like(rule.service, check.service) &&
    (rule.tag === undefined || check.tags.some((tag) => like(rule.tag, tag))) &&
    (like(rule.check, check.check) || like(rule.check, check.name))
  )
}

/** Severity of what a rule fits: its own, or the status. */
export function severityOf(rule: Pick<AlertRule, 'severity'>, status: 'warning' | 'critical'): Severity {
  return rule.severity ?? status
}

/** `*` stands for any text; nothing given fits everything. */
export function like(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined || pattern === '*' || pattern === text) return true
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined || !text.startsWith(first)) return false
  // Each part where it comes first. People make up patterns: as an expression one with many `*` could take for ever.
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** What a silence is compared with. */
export type Silenceable = Pick<CheckRow, 'dc' | 'node' | 'check' | 'name' | 'service' | 'tags'> & {
  readonly rule: string
  readonly severity: string
}

export function covers(silence: Pick<Silence, 'matchers'>, alert: Silenceable): boolean {
  const { rule, dc, severity, node, service, check, tag }: Matchers = silence.matchers
  return (
    like(rule, alert.rule) &&
    like(dc, alert.dc) &&
    like(severity, alert.severity) &&
    like(node, alert.node) &&
    like(service, alert.service) &&
    (like(check, alert.check) || like(check, alert.name)) &&
    (tag === undefined || alert.tags.some((each) => like(tag, each)))
  )
}

/** How the alerts of a rule behave and whom they call; a rule that the site no longer has behaves as if it said nothing. */
export type Behaviour = {
  /** Name of a channel of the site. */
  readonly channel: string
  readonly mention: readonly string[]
  readonly raise_after: string
  readonly keep_for: string
  readonly remind: readonly string[]
  readonly escalate: readonly EscalationStep[]
  readonly runbook?: string | undefined
}

export function behaviourOf(settings: AlertSettings, name: string): Behaviour {
  const none = { channel: settings.channel, mention: [], raise_after: '0s', keep_for: '0s', remind: [], escalate: [] }
  if (name === BLIND) {
    const { channel = settings.channel, mention, remind, escalate, runbook } = settings.blind
    return { ...none, channel, mention, remind, escalate, runbook }
  }
  const rule = settings.rules.find((each) => each.name === name)
  return rule ? { ...rule, channel: rule.channel ?? settings.channel } : none
}
