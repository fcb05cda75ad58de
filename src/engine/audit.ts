import type { Redis } from 'ioredis'
import type { Log } from '../log.ts'
import type { Keys } from './keys.ts'

/** Something that somebody asked for or decided, and what was said to it. `who` is the immutable id. */
export type AuditEntry = {
  readonly what: 'asked' | 'refused' | 'judged' | 'canceled' | 'extended'
  readonly who: string
  readonly line: string
  readonly execution?: string
  readonly rule?: string
  readonly why?: string
}

const KEPT = 100_000

/** Appends to a stream in Redis and to the log; nobody changes or removes an entry. */
export function createAudit(redis: Redis, keys: Keys, log: Log) {
  return async (entry: AuditEntry): Promise<void> => {
    log.info(entry, 'audit')
    await redis.xadd(`${keys.executions}:audit`, 'MAXLEN', '~', KEPT, '*', 'entry', JSON.stringify(entry))
  }
}

export type Audit = ReturnType<typeof createAudit>
