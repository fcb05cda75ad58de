import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import type { StageRun, WorkerName } from '../core/execution.ts'
import type { Log } from '../log.ts'
import type { Keys } from './keys.ts'

/** A worker with what it can do that not every one can. */
export type LabelledWorker = WorkerName & { readonly labels: readonly string[] }

/** Three beats are missed before a worker counts as dead. */
const BEATS_PER_LIFE = 3

/** Which worker this is. The machine's id lies in the work folder: whoever finds the folder again may adopt what was run there. */
export async function nameWorker(
  workDir: string,
  host: string,
  labels: readonly string[] = [],
): Promise<LabelledWorker> {
  await mkdir(workDir, { recursive: true, mode: 0o700 })
  const file = join(workDir, 'machine-id')
  if ((await idIn(file)) === null) await createId(file)
  const machine = await idIn(file)
  if (!machine) throw new Error(`The file ${file} is empty. Delete it, so that this machine gets an id again.`)
  return { id: `${host}-${process.pid}-${randomUUID().slice(0, 8)}`, machine, host, labels }
}

async function idIn(file: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return null
  })
  return text === null ? null : text.trim()
}

/** Written in full under another name first: of several workers that begin at once one gives its id, and nobody reads half of it. */
async function createId(file: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  {
    await using handle = await open(draft, 'wx', 0o600)
    await handle.writeFile(randomUUID())
    await handle.sync()
  }
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await unlink(draft)
}

/** Says every few seconds that this worker lives, in a key that lapses by itself `deadAfter` milliseconds after the last beat. */
export function startHeartbeat(redis: Redis, keys: Keys, worker: LabelledWorker, deadAfter: number, log: Log) {
  const beat = () =>
    redis
      .multi()
      .hset(keys.workers, worker.id, JSON.stringify({ ...worker, until: Date.now() + deadAfter }))
      .set(keys.worker(worker.id), JSON.stringify(worker), 'PX', deadAfter)
      .set(keys.worker(`on-${worker.machine}`), worker.id, 'PX', deadAfter)
      .exec()
      .catch((error: Error) => log.warn({ error: error.message }, 'heartbeat failed'))
  const timer = setInterval(beat, Math.max(200, deadAfter / BEATS_PER_LIFE))
  return {
    first: beat(),
    async stop() {
      clearInterval(timer)
      await redis
        .multi()
        .del(keys.worker(worker.id))
        .hdel(keys.workers, worker.id)
        .exec()
        .catch(() => null)
    },
  }
}

/** Workers that live now. Those that have been dead for a day are forgotten. */
export async function liveWorkers(redis: Redis, keys: Keys, now: number): Promise<LabelledWorker[]> {
  const known = Object.values(await redis.hgetall(keys.workers)).map(
    (text) => JSON.parse(text) as LabelledWorker & { until: number },
  )
  const forgotten = known.filter(({ until }) => now > until + 24 * 3_600_000)
  if (forgotten.length > 0) await redis.hdel(keys.workers, ...forgotten.map(({ id }) => id))
  return known.filter(({ until }) => now <= until)
}

/** Why no worker that lives may run a stage; null when one may. */
export function nobodyRuns(stage: StageRun, workers: readonly LabelledWorker[]): string | null {
  const labels = labelsOf(stage)
  if (workers.length === 0) return `No worker is there to run \`${stage.id}\`: start one (\`npm run worker\`).`
  const { machine, host } = stage.input
  const there = workers.filter((worker) => typeof machine !== 'string' || worker.machine === machine)
  if (there.length === 0)
    return `Only ${typeof host === 'string' ? host : 'another machine'} has the files that \`${stage.id}\` needs, and no worker lives there: start it there again.`
  if (there.some((worker) => labels.every((label) => worker.labels.includes(label)))) return null
  return `No worker has what \`${stage.id}\` needs: ${labels.map((label) => `\`${label}\``).join(', ')}. There are ${workers.map(({ host }) => host).join(', ')}.`
}

/** The labels that a stage demands of its worker. */
export function labelsOf({ input }: StageRun): string[] {
  return Array.isArray(input.labels) ? input.labels.map(String) : []
}

export async function lives(redis: Redis, keys: Keys, worker: string): Promise<boolean> {
  return (await redis.exists(keys.worker(worker))) === 1
}

/** Whether any worker lives that could adopt what a dead one left on this machine. */
export async function machineLives(redis: Redis, keys: Keys, machine: string): Promise<boolean> {
  return (await redis.exists(keys.worker(`on-${machine}`))) === 1
}
