import { UserError } from '../../errors.ts'
import { BLIND } from '../alert.ts'
import { asCode } from '../text.ts'
import type { Behaviour } from './route.ts'
import { behaviourOf } from './route.ts'
import type { AlertRule, AlertSettings, EscalationStep } from './settings.ts'

/** Every rule in its order, a line each, as the bot understands them; the last one is our own. */
export function ruleLines(settings: AlertSettings): string[] {
  const { blind } = settings
  return [
    'The first rule that fits a check decides; what fits none is no alert.',
    ...settings.rules.map((rule, at) => `${at + 1}. ${ruleLine(settings, rule)}`),
    `• *blind* what cannot be watched for ${blind.after} (Consul, a datacenter, a monitor): ${[`severity ${blind.severity}`, ...behaviourParts(behaviourOf(settings, BLIND))].join(', ')}`,
  ]
}

function ruleLine(settings: AlertSettings, rule: AlertRule): string {
  const head = `*${rule.name}* ${wantedText(rule)}`
  if (!rule.alert) return `${head}: never an alert`
  const severity = rule.severity ?? 'as the check'
  return `${head}: ${[`severity ${severity}`, ...behaviourParts(behaviourOf(settings, rule.name))].join(', ')}`
}

/** What a rule looks for: `critical, service \`web-*\``. */
function wantedText({ datacenter, node, service, tag, check, status }: AlertRule): string {
  const wanted = { datacenter, node, service, tag, check }
  const patterns = Object.entries(wanted).flatMap(([what, pattern]) =>
    pattern === undefined ? [] : [`${what} ${asCode(pattern)}`],
  )
  return [status.join(' or '), ...(patterns.length > 0 ? patterns : ['any check'])].join(', ')
}

/** Where it is told and whom it calls, its delays, reminders and escalations, and its runbook. */
export function behaviourParts({
  channel,
  mention,
  raise_after,
  keep_for,
  remind,
  escalate,
  runbook,
}: Behaviour): string[] {
  return [
    `to ${asCode(channel)}`,
    mention.length > 0 ? `calls ${mentionText(mention)}` : 'calls nobody',
    ...(raise_after === '0s' ? [] : [`raised after ${raise_after}`]),
    ...(keep_for === '0s' ? [] : [`resolved after ${keep_for} without it`]),
    remind.length > 0 ? `reminders after ${remind.join(', ')}` : 'no reminders',
    ...escalate.map((step) => `escalates after ${step.after} ${stepText(step)}`),
    ...(runbook === undefined ? [] : [`runbook ${runbook}`]),
  ]
}

/** Whom an escalation calls: `to \`ops\`, calling @U07LEAD`. */
export function stepText({ channel, mention }: EscalationStep): string {
  const to = channel === undefined ? [] : [`to ${asCode(channel)}`]
  return [...to, ...(mention.length > 0 ? [`calling ${mentionText(mention)}`] : [])].join(', ')
}

/** People by `@`, which becomes their name; groups and everybody as code, which calls nobody from here. */
function mentionText(mention: readonly string[]): string {
  return mention.map((id) => (/^[UW]/.test(id) ? `@${id}` : asCode(/^S/.test(id) ? id : `@${id}`))).join(', ')
}

type Fires = AlertRule['status'][number]

/** The status with which a rule can be tested: the wanted one, or the worst that it is for. Throws a `UserError` where it never fires so. */
export function testable({ rules }: AlertSettings, name: string, wanted: Fires | undefined): Fires {
  if (name === BLIND) return wanted ?? 'critical'
  const rule = rules.find((each) => each.name === name)
  if (!rule) throw new UserError(`No rule is called ${asCode(name)}. \`alerts rules\` lists them.`)
  if (!rule.alert)
    throw new UserError(
      `${asCode(name)} says \`alert: false\`: what fits it is never an alert, so there is nothing to test.`,
    )
  const status = wanted ?? (rule.status.includes('critical') ? 'critical' : 'warning')
  if (rule.status.includes(status)) return status
  throw new UserError(
    `${asCode(name)} is for ${rule.status.join(' and ')} only: a check that is ${status} never fits it.`,
  )
}
