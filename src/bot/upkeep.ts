import { milliseconds } from '../core/duration.ts'
import { createRetention } from '../engine/retention.ts'
import { createSilence } from '../engine/silence.ts'
import { createWatch } from '../engine/watch.ts'
import type { BotParts } from './parts.ts'

/** What looks after executions, whoever asked for them: workers that died, stages that went silent, records whose time is over. */
export function startUpkeep({ engine, parts, log }: Pick<BotParts, 'engine' | 'parts' | 'log'>) {
  const { redis, keys, store, kinds, deadAfter, now, outbox } = engine
  const { site } = parts
  const besides = createSilence({
    progressOf: engine.progress.get,
    show: (execution) => outbox.want(`execution:${execution}`),
    after: milliseconds(site.worker.quiet_after),
    now,
  })
  const watch = createWatch({ store, redis, keys, kinds, deadAfter, now, log, besides })
  const retention = createRetention({ redis, keys, store, site, now, log })
  return {
    async stop(): Promise<void> {
      await watch.stop()
      await retention.stop()
    },
  }
}
