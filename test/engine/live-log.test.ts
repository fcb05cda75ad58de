import { describe, expect, test } from 'vitest'
import { createMask } from '../../src/core/mask.ts'
import { NEWEST_KEPT } from '../../src/core/retention.ts'
import { createLiveLog, readLog } from '../../src/engine/live-log.ts'
import { createRetention } from '../../src/engine/retention.ts'
import { wanted } from '../core/world.ts'
import { silent } from './quiet.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const name = { execution: 'r1', stage: 'say', attempt: 1 }
const open = (text: string) => text
const keyOf = () => here.keys.log('r1', 'say', 1)

/** All lines by number. */
async function lines(): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  for (let after = '0'; ; ) {
    const pieces = await readLog(here, name, after)
    for (const { from, text } of pieces) for (const [at, line] of text.split('\n').entries()) found.set(from + at, line)
    const last = pieces.at(-1)
    if (!last) return found
    after = last.id
  }
}

describe('a live log', () => {
  test('has every line by its number, in pieces', async () => {
    const live = createLiveLog(here.redis, here.keys, silent)
    for (let at = 1; at <= 5_000; at++) live.add(name, `line ${at} ${'x'.repeat(40)}`, open)
    await live.end(name)
    const all = await lines()
    expect(all.size).toBe(5_000)
    expect(all.get(1)).toMatch(/^line 1 /)
    expect(all.get(5_000)).toMatch(/^line 5000 /)
    expect(await here.redis.xlen(keyOf())).toBeLessThan(50)
  })

  test('is masked before it leaves, also a secret of several lines', async () => {
    const live = createLiveLog(here.redis, here.keys, silent)
    const mask = createMask(['s3cret-token', 'one\ntwo\nthree'])
    for (const line of ['the s3cret-token', 'one', 'two', 'three', 'after']) live.add(name, line, mask)
    await live.end(name)
    const stored = JSON.stringify(await here.redis.xrange(keyOf(), '-', '+'))
    for (const secret of ['s3cret', 'two', 'three']) expect(stored).not.toContain(secret)
    expect([...(await lines()).values()]).toEqual(['the ***', '***', 'after'])
  })

  test('what waits is bounded by its length as well: the oldest long lines go first', async () => {
    const live = createLiveLog(here.redis, here.keys, silent)
    const long = 'z'.repeat(8 * 1024 * 1024)
    for (let at = 1; at <= 6; at++) live.add(name, `${at}${long}`, open)
    await live.end(name)
    const all = await lines()
    expect([...all].map(([number, text]) => [number, text[0]])).toEqual([
      [4, '4'],
      [5, '5'],
      [6, '6'],
    ])
  })

  test('is bounded: the newest 8 MB are kept, with their numbers', async () => {
    const live = createLiveLog(here.redis, here.keys, silent)
    const long = 'y'.repeat(1_000)
    for (let round = 0; round < 4; round++) {
      for (let at = 0; at < 3_000; at++) live.add(name, long, open)
      await live.end({ ...name, attempt: 2 })
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    await live.end(name)
    const all = await lines()
    const bytes = [...all.values()].reduce((sum, line) => sum + line.length, 0)
    expect(bytes).toBeLessThan(8.5 * 1024 * 1024)
    expect(bytes).toBeGreaterThan(7 * 1024 * 1024)
    expect(Math.max(...all.keys())).toBe(12_000)
    expect(await here.redis.ttl(keyOf())).toBeGreaterThan(6 * 24 * 3600)
  })

  test('of a worker that takes over begins anew, with the same numbers', async () => {
    for (const said of [
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]) {
      const live = createLiveLog(here.redis, here.keys, silent)
      for (const line of said) live.add(name, line, open)
      await live.end(name)
    }
    expect([...(await lines())]).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
    expect(await here.redis.xlen(keyOf())).toBe(1)
  })

  test('cuts a line without end, and a Redis that is away loses only the view', async () => {
    const live = createLiveLog(here.redis, here.keys, silent)
    live.add(name, 'z'.repeat(100_000), open)
    await live.end(name)
    expect((await lines()).get(1)?.length).toBeLessThan(17_000)
    const away = here.redis.duplicate({ lazyConnect: true, enableOfflineQueue: false })
    const lost = createLiveLog(away, here.keys, silent)
    lost.add(name, 'lost', open)
    await expect(lost.end(name)).resolves.toBeUndefined()
    away.disconnect()
  })
})

test('the logs of every attempt are forgotten with their execution', async () => {
  await here.store.request(
    wanted({
      id: 'r1',
      environment: null,
      stages: [{ id: 'say', kind: 'script', input: {}, after: [], onFailure: 'halt' }],
    }),
    'r1',
  )
  const by = { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' } as const
  await here.store.tell('r1', { type: 'cancel', by, why: '', force: false })
  const live = createLiveLog(here.redis, here.keys, silent)
  live.add(name, 'kept', open)
  await live.end(name)
  for (let at = 0; at < NEWEST_KEPT; at++) await here.redis.zadd(here.keys.executions, here.now() + 1000 + at, `n${at}`)
  here.clock.now += 100 * 24 * 3_600_000
  const retention = createRetention({ ...here, site: { keep: { executions: '90d' } }, log: silent })
  expect(await retention.sweep()).toBe(1)
  await retention.stop()
  expect(await here.redis.exists(keyOf())).toBe(0)
})
