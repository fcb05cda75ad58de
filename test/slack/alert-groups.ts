import type { Behaviour } from '../../src/core/alert/route.ts'
import type { Alert, AlertDetails, AlertGroup, AlertNote, GroupState, Silence } from '../../src/core/alert.ts'
import { fingerprintOf } from '../../src/core/alert.ts'
import type { AlertView } from '../../src/slack/messages/alerts.ts'
import { alice, bob } from './scenes.ts'

/** Groups of alerts for the messages, as the store would hold them. 12:00 UTC is noon. */
export const NOON = Date.UTC(2026, 10, 20, 12)
export const at = (minutes: number) => NOON + minutes * 60_000

export function alert(change: Partial<Alert> = {}): Alert {
  const base: Omit<Alert, 'fingerprint'> = {
    dc: 'dc1',
    node: 'web-1',
    check: 'service:web',
    name: 'HTTP',
    service: 'web',
    serviceId: 'web',
    tags: [],
    status: 'critical',
    output: 'HTTP GET http://10.0.0.1:80: 500\nstack trace',
    outputAt: at(4),
    state: 'firing',
    since: at(4),
    firedAt: at(4),
    passingSince: null,
    missingSince: null,
    why: null,
    wide: false,
    changes: [at(4)],
    flapping: null,
    maintenance: null,
    silence: null,
    details: null,
  }
  const made = { ...base, ...change }
  return { ...made, fingerprint: fingerprintOf(made) }
}

export function group(change: Partial<AlertGroup> = {}): AlertGroup {
  return {
    ...{ id: 'k3f9x2ab', version: 7, rule: 'web', dc: 'dc1', severity: 'critical', openedAt: at(0), shownAt: at(4) },
    ...{ endedAt: null, closedAt: null, state: 'firing', alerts: [alert()], acknowledged: null, notes: [], noted: 0 },
    ...{ openSince: at(4), reminded: 0, escalated: [], warned: [] },
    ...change,
  }
}

export const behaviour: Behaviour = {
  ...{ channel: 'alerts', raise_after: '0s', keep_for: '0s', remind: ['1h'] },
  mention: ['U01ALICE', 'S01SRE', 'here'],
  escalate: [
    { after: '15m', channel: 'ops', mention: ['U02BOB'] },
    { after: '1h', mention: ['channel'] },
  ],
  runbook: 'https://example.slack.com/runbooks/web',
}

export const silence: Silence = {
  ...{ id: 's7k2', version: 1, matchers: { service: 'web-*', dc: 'dc1' }, by: bob, why: 'new rack' },
  ...{ from: at(2), until: at(62), ended: null, closed: false },
}

export const acknowledgement = { by: alice, at: at(6), until: at(246), why: 'the disk is being changed' }

export const burst: Extract<AlertDetails, { kind: 'vault-audit' }> = {
  kind: 'vault-audit',
  at: at(4),
  counts: { '5m': { denied: 120, failedLogin: 3, wrappingInvalid: 0 }, '60m': { denied: 800 } },
  top: {
    class: [{ name: 'policy', count: 700 }],
    principal: [
      { name: 'ci-runner', count: 500 },
      { name: 'bob', count: 40 },
    ],
    path: [{ name: 'secret/data/prod', count: 640 }],
    address: [{ name: '10.0.0.9', count: 500 }],
  },
  minutes: [...Array.from({ length: 58 }, () => 0), 30, 90],
}

const token = { owner: 'team-ci', runbook: 'https://example.slack.com/renew', renewal: 'the monitor may not renew it' }
export const tokens: AlertDetails = {
  kind: 'token-expiry',
  at: at(3),
  entries: [
    { ...token, name: 'fine', status: 'passing', text: 'ends in 40 d' },
    { ...token, name: 'nomad', status: 'warning', text: 'ends in 3 d' },
    { ...token, name: 'ci', status: 'critical', text: 'ends in 5 h' },
  ],
}

/** One for each word, with something in it that has that word. */
export const states: Readonly<Record<GroupState, AlertGroup>> = {
  pending: group({ state: 'pending', alerts: [alert({ state: 'pending', firedAt: null })] }),
  firing: group({}),
  acknowledged: group({ state: 'acknowledged', acknowledged: acknowledgement, openSince: null }),
  silenced: group({ state: 'silenced', alerts: [alert({ silence: 's7k2' })], openSince: null }),
  maintenance: group({
    state: 'maintenance',
    alerts: [alert({ maintenance: { reason: 'kernel update', since: at(5) } })],
    openSince: null,
  }),
  unknown: group({
    state: 'unknown',
    alerts: [alert({ state: 'unknown', why: 'the node web-1 is dead', since: at(8) })],
    openSince: null,
  }),
  vanished: group({ state: 'vanished', alerts: [alert({ state: 'vanished', missingSince: at(3), since: at(8) })] }),
  resolved: group({
    state: 'resolved',
    alerts: [alert({ state: 'resolved', since: at(9) })],
    endedAt: at(9),
    openSince: null,
  }),
  moved: group({
    state: 'moved',
    alerts: [alert({ state: 'moved', since: at(9), why: 'it goes on as warning by the rule web' })],
    endedAt: at(9),
    openSince: null,
  }),
  closed: group({
    state: 'closed',
    alerts: [alert({ state: 'closed', since: at(9), why: 'closed by @U02BOB: taken away' })],
    notes: [note({ what: 'closed', by: bob, why: 'taken away', at: at(9) })],
    endedAt: at(9),
    openSince: null,
  }),
}

export function note(change: Partial<AlertNote> = {}): AlertNote {
  return {
    n: 3,
    at: at(8),
    what: 'raised',
    items: [{ label: 'web: HTTP on web-2', text: 'HTTP 500' }],
    mention: [],
    ...change,
  }
}

export function shown(change: Partial<AlertView> = {}): AlertView {
  return { group: group(), behaviour, silences: [silence], ...change }
}

/** A message without the pings that its rule wants: whatever else pings is a mistake. */
export function withoutCalls<Message>(message: Message): Message {
  const text = JSON.stringify(message).replaceAll('<!here>', '@here').replaceAll('<!subteam^S01SRE>', '@sre')
  return JSON.parse(text.replaceAll('<!channel>', '@channel')) as Message
}
