/**
 * A worker in small: `worker-process.ts REDIS_URL PREFIX WORK_DIR WORKER_ID HINT` starts the stage that the hint names and says how
 * it ended. Tests kill it.
 */
import { basename, dirname } from 'node:path'
import { Redis } from 'ioredis'
import { keysOf } from '../../src/engine/keys.ts'
import { createStore } from '../../src/engine/store.ts'
import { startHeartbeat } from '../../src/engine/workers.ts'
import { runnerOf, workerOf } from './kinds.ts'
import { silent } from './quiet.ts'

const [url = '', prefix = '', workDir = '', id = '', hint = ''] = process.argv.slice(2)
const redis = new Redis(url)
const keys = keysOf(prefix)
const now = () => Date.now()
const store = createStore(redis, keys, now)
const worker = workerOf(id, basename(workDir))
const heart = startHeartbeat(redis, keys, worker, 60_000, silent)
await heart.first
const here = { redis, url, keys, store, clock: { now: 0 }, now, dir: dirname(workDir) }
await runnerOf(here, worker, { progress: (_execution, { text }) => process.stdout.write(`${text}\n`) }).start(
  JSON.parse(hint),
)
await heart.stop()
redis.disconnect()
