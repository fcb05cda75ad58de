import type { Config } from '../config.ts'
import { need } from '../config.ts'
import { isTurnedOn } from '../core/break-glass/glass.ts'
import { milliseconds } from '../core/duration.ts'
import type { Site } from '../core/site.ts'
import type { Log } from '../log.ts'
import { stageKinds } from '../stages/index.ts'
import { checkArtifactKey, createArtifacts } from './artifacts.ts'
import { maskOf } from './audit/secrets.ts'
import { createAudit } from './audit.ts'
import { markedAudit } from './break-glass/held.ts'
import { createSweeper } from './effects.ts'
import { keysOf } from './keys.ts'
import { createOutbox } from './outbox.ts'
import { createPerform } from './perform.ts'
import { createProgress } from './progress.ts'
import { createHints } from './queue.ts'
import { connect, connectPatiently, redisPlace, untilReached, whenReady } from './redis.ts'
import type { Changed } from './store.ts'
import { createStore } from './store.ts'

/**
 * What bots, workers and the CLI share: the store, what waits to be done, and what waits to be shown. Waits for Redis before it
 * answers, however long that takes. Throws a `ConfigError` where the others have another artifact key. `changed` hears of what is stored.
 */
export async function createEngine(config: Config, site: Site, log: Log, changed?: Changed) {
  const place = redisPlace(config)
  const keys = keysOf(config.settings.GROUNDCREW_PREFIX)
  const redis = connect(place, log)
  const patient = connectPatiently(place, log)
  const queueing = connect(place, log)
  await Promise.all([redis, patient, queueing].map((connection) => whenReady(connection, log)))
  const artifactKey = need(config, 'GROUNDCREW_ARTIFACT_KEY')
  const connections = [redis, patient, queueing]
  await untilReached(() => checkArtifactKey(redis, keys, artifactKey), log).catch((error: unknown) => {
    for (const connection of connections) connection.disconnect()
    throw error
  })
  const now = () => Date.now()
  const closing: (() => void)[] = []
  const store = createStore(redis, keys, now, config.settings.REDIS_REPLICAS, changed)
  const hints = createHints(queueing, keys, log)
  const parts = { redis, keys, store, site, kinds: stageKinds, hints, now }
  const sweeper = createSweeper(redis, keys, createPerform(parts), now, log)
  const outbox = createOutbox(redis, keys, now)
  const written = createAudit({
    ...{ redis, keys, now, log },
    host: config.settings.GROUNDCREW_HOST,
    file: config.settings.GROUNDCREW_AUDIT_FILE,
    mask: maskOf(config.variables, site),
    show: site.audit.channel ? site.audit.show : [],
  })
  const audit = isTurnedOn(site) ? markedAudit(written, store.glasses) : written
  return {
    ...parts,
    patient,
    sweeper,
    outbox,
    progress: createProgress(redis, keys),
    artifacts: createArtifacts(redis, keys, artifactKey),
    audit,
    deadAfter: milliseconds(site.worker.dead_after),
    /** Calls back on every hint that something changed; missing one costs a second. */
    async onFeed(listener: (executions: readonly string[]) => void): Promise<void> {
      const subscriber = patient.duplicate()
      subscriber.on('error', (error: Error) => log.warn({ error: error.message }, 'feed connection'))
      subscriber.on('message', (_channel: string, text: string) =>
        listener((JSON.parse(text) as { executions?: string[] }).executions ?? []),
      )
      await subscriber.subscribe(keys.feed)
      closing.push(() => subscriber.disconnect())
    },
    async close(): Promise<void> {
      await sweeper.stop()
      await audit.stop()
      await hints.close()
      for (const close of closing) close()
      for (const connection of connections) connection.disconnect()
    },
  }
}

export type Engine = Awaited<ReturnType<typeof createEngine>>
