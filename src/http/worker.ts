import type { Redis } from 'ioredis'
import type { Site } from '../core/site.ts'
import type { Log } from '../log.ts'
import { healthRoute, readyRoute } from './health.ts'
import { metricsRoute } from './metrics.ts'
import { redisLook } from './ready.ts'
import type { Served } from './server.ts'
import { serve } from './server.ts'

type WorkerServer = {
  readonly site: Site
  readonly metricsToken: string | undefined
  readonly registry: Parameters<typeof metricsRoute>[0]['registry']
  readonly redis: Redis
  readonly now: () => number
  readonly log: Log
}

/** What a worker serves: health, readiness, and the metrics of what it did itself. */
export async function serveWorker(
  { site, metricsToken, registry, redis, now, log }: WorkerServer,
  place: { readonly host: string; readonly port: number },
): Promise<Served> {
  const routes = [
    healthRoute(),
    readyRoute({ redis: redisLook(redis, now).look }),
    metricsRoute({ parts: { site }, metricsToken, registry }),
  ]
  const served = await serve(routes, place, log)
  log.info({ host: place.host, port: served.port }, 'http ready')
  return served
}
