import type { Silence } from '../alert.ts'
import { asCode, shown } from '../text.ts'
import { behaviourParts } from './describe-rule.ts'
import { holding, silenceLine } from './describe-silence.ts'
import { behaviourOf, covers, like, type Routed, ruleFor, severityOf } from './route.ts'
import type { AlertRule, AlertSettings } from './settings.ts'

type Now = { readonly silences: readonly Silence[]; readonly now: number }

/** The way of a check through the rules: which one takes it, why the ones before do not, what it would do, and what silences it now. */
export function routingLines(settings: AlertSettings, check: Routed, { silences, now }: Now): string[] {
  const rule = ruleFor(settings, check)
  const before = rule ? settings.rules.indexOf(rule) : settings.rules.length
  const passed = settings.rules
    .slice(0, before)
    .map((each, at) => `${at + 1}. ${asCode(each.name)}: ${misfits(each, check).join('; ')}`)
  return [
    `*${check.status}* ${checkText(check)}`,
    ...passed,
    ...taken(settings, check, { rule, silences, now }),
    ...besides(settings, check),
  ]
}

function taken(
  settings: AlertSettings,
  check: Routed,
  { rule, silences, now }: Now & { rule: AlertRule | null },
): string[] {
  if (!rule) return ['➡️ No rule fits: this is *no alert*.']
  const name = `rule ${settings.rules.indexOf(rule) + 1}, *${rule.name}*`
  if (!rule.alert) return [`➡️ It fits ${name}, which says \`alert: false\`: this is *no alert*.`]
  const severity = severityOf(rule, check.status)
  const behaviour = behaviourOf(settings, rule.name)
  const about = { ...check, rule: rule.name, severity }
  const covering = holding(silences, now).filter((silence) => covers(silence, about))
  return [
    `➡️ It fits ${name}: ${[`severity ${severity}`, ...behaviourParts(behaviour)].join(', ')}`,
    ...(covering.length === 0 ? ['No silence covers it now.'] : ['🔕 Silenced now:']),
    ...covering.map((silence) => `• ${silenceLine(silence, now)}`),
  ]
}

/** Why a rule does not fit, a few words for each reason; empty for one that does. */
export function misfits(rule: AlertRule, check: Routed): string[] {
  const status = rule.status.includes(check.status) ? [] : [`is for ${rule.status.join(' and ')} only`]
  return [
    ...status,
    ...misfit('datacenter', rule.datacenter, [check.dc]),
    ...misfit('node', rule.node, [check.node]),
    ...misfit('service', rule.service, [check.service]),
    ...(rule.tag === undefined || check.tags.some((tag) => like(rule.tag, tag))
      ? []
      : misfit('tag', rule.tag, check.tags)),
    ...misfit('check', rule.check, [check.check, check.name]),
  ]
}

function misfit(what: string, pattern: string | undefined, texts: readonly string[]): string[] {
  if (what !== 'tag' && texts.some((text) => like(pattern, text))) return []
  const given = [...new Set(texts.filter(Boolean))].map((text) => shown(text)).join(', ')
  return [`is for the ${what} ${asCode(pattern ?? '')}, ${given ? `not ${given}` : `and no ${what} was given`}`]
}

/** What a rule cannot say: the datacenter is not watched, or the check is none that fires. */
function besides({ datacenters, monitors }: AlertSettings, { dc, check, service, status }: Routed): string[] {
  const unwatched = datacenters !== undefined && dc !== '' && !datacenters.includes(dc)
  return [
    ...(unwatched
      ? [`⚠️ ${shown(dc)} is not watched: \`alerts.datacenters\` has ${datacenters.map(asCode).join(', ')}.`]
      : []),
    ...(/^_(node_maintenance$|service_maintenance:)/.test(check)
      ? ['⚠️ This is how Consul shows maintenance: it is never an alert, and mutes those of its node or service.']
      : []),
    ...(status === 'critical' && monitors.includes(service)
      ? ['If its time has run out (`TTL expired`), nobody watches: then it is the rule *blind*.']
      : []),
  ]
}

function checkText({ dc, node, service, tags, check }: Routed): string {
  const given = { check, service, tag: tags.join(', '), node, datacenter: dc }
  const parts = Object.entries(given).flatMap(([what, text]) => (text ? [`${what} ${shown(text)}`] : []))
  return parts.join(', ') || 'check of which nothing else is known'
}
