import { setTimeout as sleep } from 'node:timers/promises'
import { Gauge, Registry } from 'prom-client'
import type { Standing } from '../engine/standing.ts'
import type { AccessParts } from './access.ts'
import { admitScraper } from './access.ts'
import type { Route } from './exchange.ts'
import { send } from './exchange.ts'

type Given = Parameters<typeof admitScraper>[0] & {
  /** The process's own counts. */
  readonly registry: Registry
  /** How things stand for all; a worker gives none, so that they are not counted twice. */
  readonly standing?: () => Promise<Standing>
  /** BullMQ's own, as text. */
  readonly queue?: () => Promise<string>
}

/** Redis is waited for no longer: a scraper wants to know what the process itself knows, above all while Redis is away. */
const LOOK_WITHIN_MS = 3_000

/** `/metrics` in Prometheus' text format, for whoever runs this. */
export function metricsRoute(given: Given): Route {
  return {
    method: 'GET',
    path: /^\/metrics$/,
    async answer(exchange) {
      admitScraper(given, exchange)
      const [own, ...shared] = await Promise.all([
        given.registry.metrics(),
        ...(given.standing ? [inTime(given.standing().then((standing) => gaugesOf(standing).metrics()))] : []),
        ...(given.queue ? [inTime(given.queue())] : []),
      ])
      const complete = shared.length > 0 ? await completeness(!shared.includes(null)) : null
      const text = [own, ...shared, complete].flatMap((each) => (each ? [each.trimEnd()] : [])).join('\n')
      send(exchange.response, 200, given.registry.contentType, `${text}\n`.replace(NO_NUMBER, ''))
    },
  }
}

/** The lag of the event loop is a mean of nothing where two scrapes follow each other at once; rules that count on it would go blank. */
const NO_NUMBER = /^[^#\n][^\n]* NaN\n/gim

export type { AccessParts }

/** Null where it fails or takes too long. */
async function inTime(text: Promise<string>): Promise<string | null> {
  const late = new AbortController()
  const none = sleep(LOOK_WITHIN_MS, null, { signal: late.signal }).catch(() => null)
  return Promise.race([text.catch(() => null), none]).finally(() => late.abort())
}

/** A gauge that is missing looks like one that is well, so that it is said. */
function completeness(complete: boolean): Promise<string> {
  const registry = new Registry()
  const about = { name: 'groundcrew_metrics_complete', help: '0 while Redis gives no figures and they are left out.' }
  new Gauge({ ...about, registers: [registry] }).set(complete ? 1 : 0)
  return registry.metrics()
}

/** How things stand, as gauges that are made anew for each scrape: a command that is open no more leaves no old figure behind. */
function gaugesOf({ open, waiting, outbox, locks, workers, alerts }: Standing): Registry {
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, value: number) =>
    new Gauge({ name: `groundcrew_${name}`, help, registers }).set(value)
  const opened = new Gauge({
    ...{ name: 'groundcrew_executions_open', registers, labelNames: ['command', 'status'] as const },
    help: 'Executions that are not over, by command and status.',
  })
  for (const { command, status, count } of open) opened.set({ command, status }, count)
  const told = new Gauge({
    ...{ name: 'groundcrew_alerts_open', registers, labelNames: ['state'] as const },
    help: 'Groups of alerts that are open, by state.',
  })
  for (const [state, count] of alerts) told.set({ state }, count)
  gauge('judgments_waiting', 'Judgments that wait for people.', waiting)
  gauge('outbox_messages', 'Messages whose state in Slack is not what it should be by now.', outbox.messages)
  gauge('outbox_oldest_age_seconds', 'How long the oldest of them waits.', outbox.age / 1000)
  gauge('locks_held', 'Environments and images whose lock is held.', locks.held)
  gauge('locks_queued', 'Executions that wait for a lock.', locks.queued)
  gauge('workers_alive', 'Workers that live.', workers.filter(({ alive }) => alive).length)
  const ages = workers.map(({ age }) => age / 1000)
  gauge(
    'worker_heartbeat_age_seconds',
    'Since the latest heartbeat of any worker; -1 without any.',
    ages.length > 0 ? Math.min(...ages) : -1,
  )
  return registry
}
