import { describe, expect, test } from 'vitest'
import { siteSchema } from '../../../src/core/site.ts'
import { alertSettings, alertsWritten, sampleWritten } from '../alert-site.ts'

function complaints(alerts: unknown): string[] {
  const checked = siteSchema.safeParse({ ...sampleWritten, alerts })
  return checked.success ? [] : checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

const rule = (of: object) => ({ channel: 'alerts', rules: [{ name: 'any', ...of }] })

test('what is left out gets its default', () => {
  expect(complaints(alertsWritten)).toEqual([])
  expect(alertSettings.rules[1]).toEqual({
    ...{ name: 'denied', service: 'vault-audit-monitor', status: ['warning', 'critical'], alert: true, mention: [] },
    ...{ raise_after: '0s', keep_for: '5m', remind: ['1h', '4h', '1d'], escalate: [] },
    runbook: 'https://example.com/denied',
  })
  expect(alertSettings).toMatchObject({
    monitors: ['vault-audit-monitor', 'token-expiry-monitor'],
    blind: { after: '30s', severity: 'critical', mention: [], escalate: [] },
    acknowledge: { for: '4h', most: '7d' },
    silence: { warn: '15m', most: '30d' },
    vanished: { after: '5m', close: '1d' },
    flap: { changes: 6, within: '30m', quiet: '10m' },
    ...{ reopen: '15m', resync: '5m', read_every: '1s' },
  })
})

test('one status is written as a word', () => {
  expect(alertSettings.rules.map(({ status }) => status.join())).toEqual([
    'warning,critical',
    'warning,critical',
    'critical',
    'warning,critical',
    'warning',
  ])
})

describe('a site is refused at its place, with the reason', () => {
  test.each<[string, unknown, RegExp]>([
    ['no channel', { rules: [{ name: 'any' }] }, /^alerts\.channel: /],
    ['no rules', { channel: 'alerts', rules: [] }, /^alerts\.rules: /],
    ['an unknown channel', { ...rule({}), channel: 'nowhere' }, /^alerts\.channel: names the channel nowhere/],
    ['of a rule', rule({ channel: 'nowhere' }), /^alerts\.rules\.0\.channel: names the channel nowhere/],
    [
      'of an escalation',
      rule({ escalate: [{ after: '5m', channel: 'nowhere' }] }),
      /^alerts\.rules\.0\.escalate\.0\.channel: names the channel nowhere/,
    ],
    ['of the blind rule', { ...rule({}), blind: { channel: 'nowhere' } }, /^alerts\.blind\.channel: names the channel/],
    [
      'two rules of one name',
      { channel: 'alerts', rules: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] },
      /^alerts\.rules\.2\.name: is given twice: a$/,
    ],
    ['a rule called blind', rule({ name: 'blind' }), /^alerts\.rules\.0\.name: is the name of a rule of our own/],
    ['a rule without a name', { channel: 'alerts', rules: [{}] }, /^alerts\.rules\.0\.name: /],
    [
      'escalations out of order',
      rule({
        escalate: [
          { after: '1h', mention: ['here'] },
          { after: '15m', mention: ['channel'] },
        ],
      }),
      /^alerts\.rules\.0\.escalate: expected each `after` to be longer/,
    ],
    [
      'an escalation to nobody',
      rule({ escalate: [{ after: '1h' }] }),
      /^alerts\.rules\.0\.escalate\.0: needs `channel`, `mention` or both/,
    ],
    ['a mention by name', rule({ mention: ['@bob'] }), /^alerts\.rules\.0\.mention\.0: expected the id of a person/],
    ['everyone', rule({ mention: ['everyone'] }), /^alerts\.rules\.0\.mention\.0: expected the id of a person/],
    [
      'a delay that is none',
      rule({ raise_after: 'soon' }),
      /^alerts\.rules\.0\.raise_after: expected 0s or a duration/,
    ],
    ['a reminder at once', rule({ remind: ['0s'] }), /^alerts\.rules\.0\.remind\.0: expected a duration/],
    ['a severity of its own', rule({ severity: 'bad' }), /^alerts\.rules\.0\.severity: /],
    ['an alert for what passes', rule({ status: 'passing' }), /^alerts\.rules\.0\.status: /],
    ['no status at all', rule({ status: [] }), /^alerts\.rules\.0\.status: /],
    ['a runbook that is no address', rule({ runbook: 'javascript:alert(1)' }), /^alerts\.rules\.0\.runbook: .*http/],
    [
      'a runbook of the blind rule',
      { ...rule({}), blind: { runbook: 'javascript:alert(1)' } },
      /^alerts\.blind\.runbook: /,
    ],
    ['a misspelled key', rule({ services: 'web' }), /^alerts\.rules\.0: .*services/],
    ['too few changes for flapping', { ...rule({}), flap: { changes: 2 } }, /^alerts\.flap\.changes: /],
    ['no datacenter', { ...rule({}), datacenters: [] }, /^alerts\.datacenters: /],
  ])('%s', (_what, alerts, said) => {
    expect(complaints(alerts).join('\n')).toMatch(said)
  })
})
