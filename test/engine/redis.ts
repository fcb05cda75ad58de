import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { Part } from '../../examples/demo/parts.ts'
import { startRedis } from '../../examples/demo/parts.ts'
import type { Effect } from '../../src/core/event.ts'
import type { Keys } from '../../src/engine/keys.ts'
import { keysOf } from '../../src/engine/keys.ts'
import type { Store } from '../../src/engine/store.ts'
import { createStore } from '../../src/engine/store.ts'

export { silent } from './quiet.ts'

/** One Redis per test file, as production must run it; one prefix per test; a clock that only moves when it is told to. */
export type Here = {
  redis: Redis
  url: string
  keys: Keys
  store: Store
  clock: { now: number }
  now: () => number
  dir: string
}

export const START = Date.UTC(2026, 10, 20, 17, 40)

export function useRedis(): Here {
  const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-engine-'))
  const here = { clock: { now: START }, now: () => here.clock.now } as Here
  let part: Part | undefined
  let tests = 0
  beforeAll(async () => {
    part = await startRedis({ dir: join(scratch, 'redis') })
    here.url = part.url
    here.redis = new Redis(part.url)
  })
  beforeEach(() => {
    here.clock.now = START
    here.keys = keysOf(`t${tests++}`)
    here.store = createStore(here.redis, here.keys, here.now)
    here.dir = mkdtempSync(join(scratch, 'test-'))
  })
  // The shell around a program that never ran may still be on its way out of its folder.
  afterEach(() => rmSync(here.dir, { recursive: true, force: true, maxRetries: 5 }))
  afterAll(async () => {
    here.redis.disconnect()
    await part?.stop()
    rmSync(scratch, { recursive: true, force: true })
  })
  return here
}

/** Effects that are stored, those that are due first in front. */
export async function effectsOf({ redis, keys }: Here): Promise<Effect[]> {
  const ids = await redis.zrange(keys.due, '0', '-1')
  const values = ids.length ? await redis.hmget(keys.effects, ...ids) : []
  return values.flatMap((value) => (value ? [JSON.parse(value) as Effect] : []))
}

/** Waits for what other processes do; the test's own time limit ends it. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(10)
}
