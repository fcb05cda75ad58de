import type { AlertSettings } from '../core/alert.ts'
import { milliseconds } from '../core/duration.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { createConsulWatch } from '../tools/consul/watch.ts'
import { createDetails } from './alerts/details.ts'
import { createEvaluator } from './alerts/evaluator.ts'
import { createLease } from './alerts/lease.ts'
import { forgetOld } from './alerts/retention.ts'
import { createCall } from './alerts/views/call.ts'
import { createViews } from './alerts/views.ts'
import type { Outbox } from './outbox.ts'
import type { EngineParts } from './perform.ts'

export type AlertParts = Pick<EngineParts, 'redis' | 'keys' | 'store' | 'site' | 'now'> & {
  readonly outbox: Pick<Outbox, 'want'>
  readonly consul: { readonly address: string; readonly token?: string | undefined }
  /** What monitors ask for on their pages. */
  readonly monitorToken: string | undefined
  /** Who evaluates, for `alerts list`. */
  readonly name: string
  readonly log: Log
}

const FORGET_EVERY_MS = 3_600_000
/** Whatever happens anywhere is told on the feed, most of it no business of alerts: one round for all of it in this time. */
const FEED_MS = 200

/**
 * Watches Consul and keeps the alerts true, on one bot at a time: the others wait for its lease. Whoever takes over reads everything anew;
 * nothing of the state is in the process.
 */
export function createAlerts(parts: AlertParts, settings: AlertSettings) {
  const { redis, keys, store, site, now, log, outbox } = parts
  const records = store.alerts
  let turn: { kick(): void; stop(): Promise<void> } | null = null
  let changing: Promise<void> = Promise.resolve()
  let stopped = false

  async function begin(fence: string): Promise<void> {
    const { datacenters: known } = await records.known()
    const watch = createConsulWatch({ ...parts.consul, random: Math.random, log })
    const details = createDetails({
      instances: watch.instancesOf,
      ownNode: watch.ownNode,
      token: parts.monitorToken,
      now,
      log,
    })
    const views = createViews({
      ...{ consul: parts.consul, settings, known, now, log, random: Math.random },
      onChange: () => evaluator.kick(),
      onDatacenters: (datacenters) => records.know({ datacenters }),
    })
    const evaluator = createEvaluator({
      ...{ records, settings, fence, now, log, name: parts.name, seen: views.seen, forgotten: views.forget },
      channel: site.channels[settings.channel] ?? '',
      details: details.of,
      fenced: () => lease.lost(fence),
      wantCatchUp: (since) => outbox.want(`alert-catchup:${since}`),
    })
    turn = {
      kick: evaluator.kick,
      async stop() {
        await evaluator.stop()
        await views.stop()
      },
    }
  }

  async function end(): Promise<void> {
    const ending = turn
    turn = null
    await ending?.stop()
  }

  /** One after the other: a lease that comes and goes quickly leaves neither two turns nor none. */
  function change(work: () => Promise<void>): void {
    changing = changing.then(work).catch((error: unknown) => {
      log.error({ error: messageOf(error) }, 'alerts: the turn did not change, the lease is given back')
      const fence = lease.fence()
      if (fence) lease.lost(fence)
    })
  }

  const lease = createLease(
    { redis, keys, now, log },
    {
      taken: (fence) => change(async () => (!stopped && lease.fence() === fence ? begin(fence) : undefined)),
      lost: () => change(end),
    },
  )
  const keep = milliseconds(site.keep.executions)
  const forget = setInterval(() => {
    if (!lease.fence()) return
    forgetOld({ redis, keys, records }, now() - keep).catch((error: unknown) =>
      log.warn({ error: messageOf(error) }, 'old alerts not forgotten, it is tried again'),
    )
  }, FORGET_EVERY_MS)

  const fed = createCall(() => turn?.kick(), log, FEED_MS)
  return {
    kick: fed.want,
    async stop(): Promise<void> {
      stopped = true
      fed.stop()
      clearInterval(forget)
      change(end)
      await changing
      await lease.stop()
    },
  }
}
