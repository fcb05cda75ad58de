import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProgram } from '../../examples/demo/parts/program.ts'
import { findProgram, freePort, type Part, startRedis, waitFor } from '../../examples/demo/parts.ts'
import { readConfig } from '../../src/config.ts'
import { keysOf } from '../../src/engine/keys.ts'
import { connect, redisPlace, whenReady } from '../../src/engine/redis.ts'
import { createStore } from '../../src/engine/store.ts'
import { wanted } from '../core/world.ts'
import { silent } from './quiet.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-sentinel-'))
let master: Part
let replica: Part
let sentinels: Part[] = []
let redis: Redis

/** Redis as a sentinel: the same program, told so by its configuration, which it rewrites. */
async function startSentinel(name: string): Promise<Part> {
  const [dir, port] = [join(scratch, name), await freePort()]
  const file = `${dir}.conf`
  const watch = ['monitor crew 127.0.0.1', 'down-after-milliseconds crew 500', 'failover-timeout crew 3000']
  const [monitor, ...rest] = watch
  const lines = [`sentinel ${monitor} ${master.port} 2`, ...rest.map((line) => `sentinel ${line}`)]
  writeFileSync(file, ['bind 127.0.0.1', `port ${port}`, 'protected-mode no', ...lines, ''].join('\n'))
  const ready = async () => {
    const one = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null })
    one.on('error', () => {})
    return one
      .connect()
      .then(
        () => true,
        () => false,
      )
      .finally(() => one.disconnect())
  }
  return startProgram(
    {
      name: 'sentinel',
      file: findProgram('redis-server'),
      args: [file, '--sentinel'],
      port,
      url: `redis://127.0.0.1:${port}`,
      ready,
    },
    { dir },
  )
}

beforeAll(async () => {
  ;[master, replica] = (await Promise.all(
    ['master', 'replica'].map((name) => startRedis({ dir: join(scratch, name) })),
  )) as [Part, Part]
  const second = new Redis(replica.url)
  await second.replicaof('127.0.0.1', master.port)
  const linked = async () => (await second.info('replication')).includes('master_link_status:up')
  await waitFor(linked, { what: 'the replica to follow' })
  second.disconnect()
  sentinels = await Promise.all(['s1', 's2', 's3'].map(startSentinel))
  const first = new Redis(sentinels[0]?.url ?? '')
  const known = async () => String(await first.call('SENTINEL', 'MASTER', 'crew'))
  await waitFor(async () => /num-slaves,1,num-other-sentinels,2/.test(await known()), {
    what: 'the sentinels to know each other',
  })
  first.disconnect()
})
afterAll(async () => {
  redis?.disconnect()
  await Promise.all([...sentinels, master, replica].map((part) => part.stop()))
  rmSync(scratch, { recursive: true, force: true })
})

test('a failover loses nothing that counted as stored, and the store goes on with the new master', async () => {
  const place = redisPlace(
    readConfig({
      REDIS_URL: 'redis://unused:1',
      REDIS_SENTINELS: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
      REDIS_MASTER: 'crew',
    }),
  )
  redis = connect(place, silent)
  await whenReady(redis, silent)
  const store = createStore(redis, keysOf('failover'), () => Date.now(), 1)
  await store.request(wanted(), 'r1')

  await master.kill9()
  const tellAfter = async () => {
    const worker = { id: 'w1', machine: 'm1', host: 'here' }
    await createStore(redis, keysOf('failover'), () => Date.now()).tell('r1', {
      type: 'stage.started',
      stage: 'terraform.plan',
      attempt: 1,
      worker,
    })
    return (await store.execution('r1'))?.stages[0]?.state
  }
  await expect
    .poll(() => tellAfter().catch((error: Error) => error.message), { timeout: 40_000, interval: 500 })
    .toBe('running')
  expect((await redis.info('replication')).includes(`role:master`)).toBe(true)
})

test('a change that no replica has does not count as stored', async () => {
  const store = createStore(redis, keysOf('alone'), () => Date.now(), 1)
  await expect(store.request(wanted(), 'r1')).rejects.toThrow(/0 of 1 replicas have/)
})
