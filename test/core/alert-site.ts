import type { z } from 'zod'
import type { alertSettings as schema } from '../../src/core/alert/settings.ts'
import type { Alert, AlertGroup, AlertSettings, Silence } from '../../src/core/alert.ts'
import { type Site, siteSchema } from '../../src/core/site.ts'
import { written } from './sample-site.ts'

/** The `alerts` of a site as they are written, before anything is checked or filled in. */
export const alertsWritten = {
  channel: 'alerts',
  rules: [
    { name: 'quiet', service: 'scratch-*', alert: false },
    { name: 'denied', service: 'vault-audit-monitor', keep_for: '5m', runbook: 'https://example.com/denied' },
    { name: 'node-dead', check: 'serfHealth', status: 'critical' as const, severity: 'critical' as const },
    {
      name: 'web',
      datacenter: 'dc1',
      service: 'web-*',
      tag: 'public',
      mention: ['U07LEAD', 'S01SRE', 'here' as const],
      raise_after: '30s',
      escalate: [
        { after: '15m', mention: ['U08BOSS'] },
        { after: '1h', channel: 'ops', mention: ['channel' as const] },
      ],
    },
    { name: 'warnings', status: 'warning' as const, severity: 'info' as const, remind: [] },
  ],
} satisfies z.input<typeof schema>

export const sampleWritten = {
  ...written,
  channels: { ...written.channels, alerts: 'C02ALERTS' },
  alerts: alertsWritten,
}

/** A site with alerts; the sample site has none. */
export const alertSite: Site = siteSchema.parse(sampleWritten)

export const alertSettings: AlertSettings = settingsOf(alertSite)

export function settingsOf({ alerts }: Site): AlertSettings {
  if (!alerts) throw new Error('This site has no alerts')
  return alerts
}

export const NOW = Date.parse('2026-11-20T17:40:00Z')
export const MINUTE = 60_000
export const bob = { kind: 'slack', team: 'T01TEAM', user: 'U02BOB' } as const

export function alertOf(of: Partial<Alert> = {}): Alert {
  const base = { dc: 'dc1', node: 'n1', check: 'service:web-1', ...of }
  return {
    ...{ fingerprint: `${base.dc}/${base.node}/${base.check}`, name: 'HTTP', service: 'web-shop', serviceId: 'web-1' },
    ...{ tags: ['public'], status: 'critical', output: 'connection refused', outputAt: NOW - 5 * MINUTE },
    ...{ state: 'firing', since: NOW - 5 * MINUTE, firedAt: NOW - 5 * MINUTE, passingSince: null, missingSince: null },
    ...{ why: null, wide: false, changes: [], flapping: null, maintenance: null, silence: null, details: null },
    ...base,
  }
}

export function groupOf(of: Partial<AlertGroup> = {}): AlertGroup {
  return {
    ...{ id: 'k3f9x2ab', version: 1, rule: 'web', dc: 'dc1', severity: 'critical', openedAt: NOW - 5 * MINUTE },
    ...{ shownAt: NOW - 5 * MINUTE, endedAt: null, closedAt: null, state: 'firing', alerts: [alertOf()] },
    ...{ acknowledged: null, notes: [], noted: 0, openSince: NOW - 5 * MINUTE, reminded: 0, escalated: [], warned: [] },
    ...of,
  }
}

export function silenceOf(of: Partial<Silence> = {}): Silence {
  return {
    ...{ id: 's1', version: 1, matchers: { service: 'web-*' }, by: bob, why: 'new rack' },
    ...{ from: NOW - MINUTE, until: NOW + 60 * MINUTE, ended: null, closed: false },
    ...of,
  }
}
