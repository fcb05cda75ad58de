import { viewQueue } from '../engine/queue.ts'
import type { StandingParts } from '../engine/standing.ts'
import { knownWorkers, readStanding } from '../engine/standing.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { AccessParts } from './access.ts'
import { boardRoute } from './board.ts'
import type { Route } from './exchange.ts'
import type { Look } from './health.ts'
import { healthRoute, readyRoute } from './health.ts'
import { metricsRoute } from './metrics.ts'
import { redisLook, workersLook } from './ready.ts'
import type { Served } from './server.ts'
import { serve } from './server.ts'

type Registry = Parameters<typeof metricsRoute>[0]['registry']

export type BotServer = {
  readonly access: AccessParts
  readonly standing: StandingParts
  readonly registry: Registry
  /** Whether Slack reaches us. */
  readonly slack: Look
  /** Webhooks and pages. */
  readonly routes: readonly Route[]
  readonly log: Log
}

/** What a bot serves beside its pages and webhooks: health, readiness, metrics and the queues. */
export function botRoutes({ access, standing, registry, slack, routes, log }: BotServer) {
  const { redis, keys, now } = standing
  const queue = viewQueue(redis, keys, log)
  const connection = redisLook(redis, now)
  const looks = { slack, redis: connection.look, workers: workersLook(() => knownWorkers(standing), redis, now) }
  return {
    routes: [
      healthRoute(),
      readyRoute(looks),
      metricsRoute({
        ...access,
        registry,
        standing: () => readStanding(standing),
        queue: () => queue.exportPrometheusMetrics(),
      }),
      boardRoute(access, queue),
      ...routes,
    ],
    async stop() {
      connection.stop()
      await queue.close()
    },
  }
}

const USUAL_PORT = 3080

type Wish = { readonly host: string; readonly port: number | undefined; readonly needed: boolean }

/**
 * Serves them where the settings say. A second bot on one machine finds the usual port taken: nobody told it another one, and nothing needs
 * it there (`needed`), so that it goes on without, and says so.
 */
export async function serveBot(
  routes: readonly Route[],
  { host, port, needed }: Wish,
  log: Log,
): Promise<Served | null> {
  try {
    const served = await serve(routes, { host, port: port ?? USUAL_PORT }, log)
    log.info({ host, port: served.port }, 'http ready')
    return served
  } catch (error) {
    if (port !== undefined || needed) throw error
    log.warn(
      { error: messageOf(error) },
      'no health, metrics and pages of this bot: give it a GROUNDCREW_HTTP_PORT of its own',
    )
    return null
  }
}
