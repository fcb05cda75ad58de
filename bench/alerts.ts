import { setTimeout as sleep } from 'node:timers/promises'
import { measureAuditLines } from './alert-audit.ts'
import { type AlertSide, type AlertSides, BARE, oneRuleFor, startAlertSides } from './alert-sides.ts'
import { put } from './consul-rows.ts'
import { type Beside, beside, cells, percentiles } from './statistics.ts'
import { table } from './table.ts'

const WARM_UP = 4
const CHECKS = 100
const LINES = 20

/** A site lets Consul answer once a second and twice after a quiet time: one check that turns bad and good again, each at once. */
const APART_MS = 2_200

/** Nobody's check is good again before its message stands there; what comes together is gathered, and would be measured as late. */
const BETWEEN_MS = 200

type Times = { readonly p50: Beside; readonly p99: Beside }
export type Alerts = {
  readonly baseline: string
  readonly checks: number
  readonly lines: number
  /** Milliseconds: from the change in Consul to the message, and to its edit when it is over; from a line in Vault's audit file. */
  readonly raised: Times
  readonly resolved: Times
  readonly denied: Times
}

type Sample = { readonly raised: number; readonly resolved: number }

/**
 * How long it takes until people see in Slack what changed in Consul, and what Vault wrote; beside a bare program that asks Consul by the
 * same blocking query and posts one message, and keeps nothing. Each check has a rule, and so a message, of its own.
 */
export async function measureAlerts(signal: AbortSignal): Promise<Alerts> {
  await using stack = new AsyncDisposableStack()
  const services = named('bench', WARM_UP + CHECKS)
  const sides = await startAlertSides(stack, oneRuleFor(services, named('audit', LINES)), signal)
  for (const side of [sides.groundcrew, sides.baseline]) {
    for (const service of services) await register(side, service)
  }
  // Registering them was many changes: the bot's share of reads has to fill up again.
  await sleep(2 * APART_MS, undefined, { signal })
  const samples = await inTurns(sides, services, signal)
  const [ours, theirs] = [samples.groundcrew.slice(WARM_UP), samples.baseline.slice(WARM_UP)]
  const of = (all: readonly Sample[], what: keyof Sample) => all.map((each) => each[what])
  const denied = await measureAuditLines(stack, sides, named('audit', LINES), signal)
  return {
    ...{ baseline: BARE, checks: CHECKS, lines: LINES },
    raised: compared(of(ours, 'raised'), of(theirs, 'raised')),
    resolved: compared(of(ours, 'resolved'), of(theirs, 'resolved')),
    denied: compared(denied, of(theirs, 'raised')),
  }
}

const named = (what: string, count: number) =>
  Array.from({ length: count }, (_, number) => `${what}-${String(number).padStart(3, '0')}`)

async function register({ consul }: AlertSide, service: string): Promise<void> {
  const Check = { CheckID: `service:${service}`, Name: 'health', TTL: '24h', Status: 'passing' }
  await put(consul, '/v1/agent/service/register', { ID: service, Name: service, Check })
}

async function inTurns(sides: AlertSides, services: readonly string[], signal: AbortSignal) {
  const names = ['groundcrew', 'baseline'] as const
  const samples = { groundcrew: [] as Sample[], baseline: [] as Sample[] }
  for (const [turn, service] of services.entries()) {
    const next = sleep(APART_MS, undefined, { signal })
    for (const name of turn % 2 === 0 ? names : names.toReversed())
      samples[name].push(await change(sides[name], service))
    await next
  }
  return samples
}

/** A check turns bad and, once that is told, good again. */
async function change({ consul, screen }: AlertSide, service: string): Promise<Sample> {
  const say = (Status: string) =>
    put(consul, `/v1/agent/check/update/service:${service}`, { Status, Output: `${Status} now` })
  const tells = (count: string) =>
    screen.next(`${service} with ${count}`, ({ text }) => text.includes(service) && text.includes(count))
  const bad = tells('1 firing')
  const began = performance.now()
  const [{ at: raised }] = await Promise.all([bad, say('critical')])
  await sleep(BETWEEN_MS)
  // The bare one tells how many fire, which is none.
  const good = Promise.race([tells('1 resolved'), tells('0 firing')])
  const ended = performance.now()
  const [{ at: resolved }] = await Promise.all([good, say('passing')])
  return { raised: raised - began, resolved: resolved - ended }
}

function compared(groundcrew: readonly number[], baseline: readonly number[]): Times {
  const [ours, theirs] = [percentiles(groundcrew), percentiles(baseline)]
  return { p50: beside(ours.p50, theirs.p50), p99: beside(ours.p99, theirs.p99) }
}

export function alertsReport({ baseline, checks, lines, raised, resolved, denied }: Alerts): string {
  const rows = (what: string, { p50, p99 }: Times) => [
    [`${what}: p50`, ...cells(p50)],
    [`${what}: p99`, ...cells(p99)],
  ]
  return table([
    ['alerts: milliseconds until it stands in Slack', 'Groundcrew', baseline, 'ratio'],
    ...rows(`${checks} checks, from critical to the message`, raised),
    ...rows(`${checks} checks, from passing to the edit that says so`, resolved),
    ...rows(`${lines} denied requests, from the line in Vault's file to the message`, denied),
  ])
}
