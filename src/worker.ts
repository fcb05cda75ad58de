import { join, resolve } from 'node:path'
import { readSite } from './config/site.ts'
import { readConfig } from './config.ts'
import { milliseconds } from './core/duration.ts'
import { createEngine } from './engine/engine.ts'
import { readGroups } from './engine/groups.ts'
import { createLiveLog } from './engine/live-log.ts'
import { createMetrics } from './engine/metrics.ts'
import type { Progress } from './engine/progress.ts'
import { receiveHints } from './engine/queue.ts'
import type { RunnerParts } from './engine/run.ts'
import { createRunner } from './engine/run.ts'
import { createWatch } from './engine/watch.ts'
import { nameWorker, startHeartbeat } from './engine/workers.ts'
import { serveWorker } from './http/worker.ts'
import { createLog } from './log.ts'
import { main } from './main.ts'

/** Process 2: runs stages. Any number, on any number of machines; it never loads commands and does not speak with Slack. */
await main('worker', 'runs the stages of executions; see README.md for its environment variables', async () => {
  const config = readConfig()
  const { settings } = config
  const log = createLog('worker', settings.LOG_LEVEL)
  const site = await readSite(settings.GROUNDCREW_SITE)
  const metrics = createMetrics()
  const engine = await createEngine(config, site, log, metrics.changed)
  const { redis, keys, store, outbox, now } = engine
  const workDir = resolve(settings.GROUNDCREW_WORK_DIR)
  const worker = await nameWorker(workDir, settings.GROUNDCREW_HOST, settings.GROUNDCREW_LABELS)
  const editEvery = milliseconds(site.slack.edit_every)
  const words = new Map<string, Omit<Progress, 'at'>>()

  /** The latest word goes to the store a few times a second at most, and to Slack as often as the site says. */
  const progress: RunnerParts['progress'] = (execution, word) => {
    const key = `${execution}/${word.stage}`
    const waits = words.has(key)
    words.set(key, word)
    if (!waits) setTimeout(() => void storeWord(execution, key), 250)
  }

  async function storeWord(execution: string, key: string): Promise<void> {
    const word = words.get(key)
    words.delete(key)
    if (!word) return
    await engine.progress
      .set(execution, { ...word, at: now() })
      .then(() => outbox.want(`execution:${execution}`, now() + editEvery))
      .catch((error: Error) => log.debug({ error: error.message }, 'progress not stored'))
  }

  const runner = createRunner({
    store,
    site,
    kinds: engine.kinds,
    artifacts: engine.artifacts,
    audit: engine.audit,
    worker,
    workDir: join(workDir),
    variables: config.variables,
    groups: () => readGroups(redis, keys, now()),
    progress,
    live: createLiveLog(redis, keys, log),
    progressOf: engine.progress.get,
    now,
    log,
  })
  const heartbeat = startHeartbeat(redis, keys, worker, engine.deadAfter, log)
  await heartbeat.first
  const watch = createWatch(
    { store, redis, keys, kinds: engine.kinds, deadAfter: engine.deadAfter, now, log },
    { runner, worker },
  )
  const receiver = receiveHints(
    engine.patient.duplicate(),
    keys,
    settings.WORKER_CONCURRENCY,
    async (hint) => {
      await runner.start(hint)
      engine.sweeper.kick()
    },
    log,
  )
  await engine.onFeed((executions) => {
    engine.sweeper.kick()
    for (const id of executions)
      void runner.obey(id).catch((error: Error) => log.warn({ error: error.message }, 'cancel not read'))
  })
  void receiver.run()
  const {
    GROUNDCREW_WORKER_HTTP_PORT: port,
    GROUNDCREW_HTTP_HOST: host,
    GROUNDCREW_METRICS_TOKEN: metricsToken,
  } = settings
  const { registry } = metrics
  const served =
    port === undefined
      ? null
      : await serveWorker({ ...{ site, metricsToken, registry, redis, now, log } }, { host, port })
  log.info({ worker: worker.id, machine: worker.machine }, 'worker ready')

  return {
    log,
    async stop() {
      await served?.stop()
      await receiver.pause(true)
      await runner.shutDown(milliseconds(site.worker.grace))
      await receiver.close(true)
      await watch.stop()
      await heartbeat.stop()
      await engine.close()
    },
  }
})
