import type { Redis } from 'ioredis'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Keys } from '../keys.ts'

/** Whoever dies with it keeps the others out for so long. */
const LEASE_MS = 10_000
const RENEW_EVERY_MS = 2_000

/** The fence is a number that no earlier holder had: a change that carries an older one is not stored. KEYS: lease, fence. ARGV: milliseconds. */
const TAKE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return nil end
local fence = tostring(redis.call('INCR', KEYS[2]))
redis.call('SET', KEYS[1], fence, 'PX', ARGV[1])
return fence`

/** KEYS: lease. ARGV: fence, milliseconds (0: given back). */
const KEEP = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`

export type Lease = {
  /** Null while somebody else has it. */
  fence(): string | null
  /** Somebody else was faster: what was read under this fence is of no use any more. */
  lost(fence: string): void
  stop(): Promise<void>
}

/** Where a lease lies, and what whoever has it does, for the log. */
export type LeaseOf = { readonly lease: string; readonly fence: string; readonly what: string }

/**
 * One bot of all evaluates the alerts, or does what else `of` says. `onTaken` and `onLost` say when it is this one; a Redis that is away for
 * longer than the lease ends it here too, since another one may have begun by then.
 */
export function createLease(
  { redis, keys, now, log }: { redis: Redis; keys: Keys; now: () => number; log: Log },
  on: { taken: (fence: string) => void; lost: () => void },
  of: LeaseOf = { lease: keys.alertsLease, fence: keys.alertsFence, what: 'alerts' },
): Lease {
  let held: { readonly fence: string; readonly until: number } | null = null
  let turn: Promise<void> | null = null

  function drop(): void {
    if (!held) return
    log.info({ fence: held.fence }, `${of.what}: by somebody else now`)
    held = null
    on.lost()
  }

  async function renew(): Promise<void> {
    const until = now() + LEASE_MS
    if (held) {
      if (now() >= held.until) return drop()
      const kept = await redis.eval(KEEP, 1, of.lease, held.fence, LEASE_MS)
      if (kept === 1) held = { ...held, until }
      else drop()
      return
    }
    const fence = (await redis.eval(TAKE, 2, of.lease, of.fence, LEASE_MS)) as string | null
    if (fence === null) return
    held = { fence, until }
    log.info({ fence }, `${of.what}: by this bot now`)
    on.taken(fence)
  }

  const tick = () => {
    turn ??= renew()
      .catch((error: unknown) => {
        log.warn({ error: messageOf(error) }, `${of.what}: lease not renewed`)
        if (held && now() >= held.until) drop()
      })
      .finally(() => {
        turn = null
      })
  }
  tick()
  const timer = setInterval(tick, RENEW_EVERY_MS)
  return {
    fence: () => (held && now() < held.until ? held.fence : null),
    lost: (fence) => {
      if (held?.fence === fence) drop()
    },
    async stop() {
      clearInterval(timer)
      await turn
      if (held) await redis.eval(KEEP, 1, of.lease, held.fence, 0).catch(() => {})
      held = null
    },
  }
}
