import type { Redis } from 'ioredis'
import { milliseconds } from '../core/duration.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import type { Execution } from '../core/execution.ts'
import { fileNames, mayForget, messageNames, NEWEST_KEPT } from '../core/retention.ts'
import type { Site } from '../core/site.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { FORGET } from './forget-script.ts'
import type { Keys } from './keys.ts'
import type { Store } from './store.ts'

export type RetentionParts = {
  readonly redis: Redis
  readonly keys: Keys
  readonly store: Pick<Store, 'execution' | 'environment'>
  readonly site: Pick<Site, 'keep'>
  readonly now: () => number
  readonly log: Log
}

/** Every bot looks at so many a minute: what piled up goes slowly, and people's requests do not wait for it. */
const AT_ONCE = 60
const SWEEP_EVERY_MS = 60_000

/** What stages keep for each other; the files that they leave for people are named in their outputs. */
const ARTIFACTS = ['plan', 'stack', 'lock', 'tree-digest']

/**
 * Forgets executions that are over for longer than the site says: the record, what was shown of it, its files, and the index of its
 * audit lines; never the lines. One script for each, so that whoever dies meanwhile leaves none half forgotten, and bots may do it at once.
 */
export function createRetention(parts: RetentionParts) {
  const { redis, keys, site, now, log } = parts
  const keep = milliseconds(site.keep.executions)
  /** So many of the oldest were looked at and have to stay: the next sweep goes on behind them, and at the end from the first again. */
  let passed = 0

  /** Gives how many were forgotten. */
  async function sweep(): Promise<number> {
    const before = now() - keep
    const room = Math.min(AT_ONCE, (await redis.zcard(keys.executions)) - NEWEST_KEPT - passed)
    const ids = room > 0 ? await redis.zrangebyscore(keys.executions, '-inf', before, 'LIMIT', passed, room) : []
    let forgotten = 0
    for (const id of ids) if (await forget(parts, id, before)) forgotten++
    passed = ids.length < AT_ONCE ? 0 : passed + ids.length - forgotten
    if (forgotten > 0) log.info({ forgotten, keep: site.keep.executions }, 'old executions forgotten')
    return forgotten
  }

  let sweeping: Promise<unknown> | null = null
  const timer = setInterval(() => {
    sweeping ??= sweep()
      .catch((error: unknown) =>
        log.warn({ error: messageOf(error) }, 'old executions not forgotten, it is tried again'),
      )
      .finally(() => {
        sweeping = null
      })
  }, SWEEP_EVERY_MS)
  return {
    sweep,
    async stop() {
      clearInterval(timer)
      await sweeping
    },
  }
}

/** False where it has to stay, for now or for good. */
async function forget({ redis, keys, store }: RetentionParts, id: string, before: number): Promise<boolean> {
  const execution = await store.execution(id)
  if (!execution) return false
  const environment = execution.environment ? await store.environment(execution.environment) : null
  if (!mayForget(execution, environment, before)) return false
  return (await redis.eval(FORGET, 0, JSON.stringify(change(keys, execution, environment)))) === 1
}

function change(keys: Keys, execution: Execution, environment: EnvironmentRecord | null) {
  const { id } = execution
  const artifacts = [...ARTIFACTS, ...fileNames(execution)].map((name) => keys.artifact(id, name))
  const logs = execution.stages.flatMap(({ id: stage, attempt }) =>
    Array.from({ length: Math.max(attempt, 1) }, (_, before) => keys.log(id, stage, before + 1)),
  )
  const expected = (key: string, version: number) => ({ key, version: String(version) })
  return {
    id,
    records: [
      expected(keys.execution(id), execution.version),
      ...(environment ? [expected(keys.environment(environment.name), environment.version)] : []),
    ],
    newest: NEWEST_KEPT,
    names: messageNames(execution),
    gone: [keys.execution(id), keys.progress(id), ...logs, ...artifacts],
    keys: {
      executions: keys.executions,
      open: keys.open,
      inHand: keys.inHand,
      outbox: keys.outbox,
      message: keys.message(''),
      posted: keys.messagesOf(id),
      lines: keys.auditOf(id),
    },
  }
}
