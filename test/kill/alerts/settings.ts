/** Checks that the driver changes: by the first part of their names they belong to a rule. */
export const checks = ['shop-1', 'shop-2', 'slow-1', 'slow-2', 'one-1', 'two-1', 'three-1'] as const

/** So many denied lines in a minute are critical. */
export const DENIED = 6

/** Short times, so that a check goes through all of its life within seconds. */
export const alerts = {
  channel: 'ops',
  rules: [
    { name: 'shop', service: 'shop-*', mention: ['U03CAROL'], remind: ['20s'] },
    // Alone in its group, so that there is a new message for nearly every time that it is bad.
    ...['one', 'two', 'three'].map((name) => ({ name, service: `${name}-*`, remind: [] })),
    {
      ...{ name: 'slow', service: 'slow-*', severity: 'critical', raise_after: '1s', keep_for: '1s', remind: [] },
      escalate: [{ after: '3s', channel: 'pager', mention: ['U03CAROL'] }],
    },
    { name: 'denied', service: 'vault-audit-monitor', severity: 'critical', remind: [] },
  ],
  blind: { after: '3s', remind: [] },
  vanished: { after: '2s' },
  silence: { warn: '2s' },
  reopen: '2s',
  // Flapping keeps an alert up on purpose; what is compared here is every change.
  flap: { changes: 50, within: '1s', quiet: '1s' },
  read_every: '1s',
}

/** Of the one monitor, whose sign of life is missed after four seconds. */
export const monitors = (file: string, state: string) => ({
  vault_audit: { file, state, poll: '1s', thresholds: [{ count: 'denied', window: '1m', critical: DENIED }] },
  consul: { ttl: '4s' },
})

/** The groups that a check may be in: rule, datacenter and severity, by its status. */
export function keyOf(check: string, status: 'warning' | 'critical'): string {
  const rule = check.split('-')[0] ?? ''
  return `${rule} dc1 ${rule === 'slow' ? 'critical' : status}`
}
