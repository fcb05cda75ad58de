import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import type { Hint } from '../../src/engine/queue.ts'
import { createHints, receiveHints } from '../../src/engine/queue.ts'
import { silent, until, useRedis } from './redis.ts'

const here = useRedis()
const hint: Hint = { execution: 'end-r1-x1', stage: 'terraform.plan', attempt: 1 }
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function connection(): Redis {
  const redis = new Redis(here.url, { maxRetriesPerRequest: null })
  closing.push(async () => redis.disconnect())
  return redis
}

function sending() {
  const hints = createHints(connection(), here.keys, silent)
  closing.push(() => hints.close())
  return hints
}

function receiving(run: (hint: Hint) => Promise<void>, concurrency = 4) {
  const receiver = receiveHints(connection(), here.keys, concurrency, run, silent)
  closing.push(() => receiver.close(true))
  void receiver.run()
  return receiver
}

describe('a hint', () => {
  test('reaches one worker, as it was sent', async () => {
    const heard: Hint[] = []
    const listen = async (each: Hint) => {
      heard.push(each)
    }
    receiving(listen)
    receiving(listen)
    await sending().add(hint, 1)
    await sending().add({ ...hint, attempt: 2 }, 1)
    await until(() => heard.length === 2)
    expect(heard).toEqual(expect.arrayContaining([hint, { ...hint, attempt: 2 }]))
  })

  test('with the same number is one hint, with the next number another one', async () => {
    const hints = sending()
    for (const number of [1, 1, 1, 2]) await hints.add(hint, number)
    const queue = new Queue(here.keys.queue, { connection: connection() })
    closing.push(() => queue.close())
    expect(await queue.count()).toBe(2)
  })

  test('whose number was used by a job that failed is heard only with a new number', async () => {
    let heard = 0
    const receiver = receiving(async () => {
      heard++
      throw new Error('broken')
    })
    const failed = Promise.withResolvers<void>()
    receiver.once('failed', () => failed.resolve())
    const hints = sending()
    await hints.add(hint, 1)
    await failed.promise
    await hints.add(hint, 1)
    await hints.add(hint, 2)
    await until(() => heard === 2)
    expect(heard).toBe(2)
  })

  test('that failed is not tried again by the queue: the store decides that', async () => {
    const receiver = receiving(async () => {
      throw new Error('broken')
    })
    const failed = Promise.withResolvers<number>()
    receiver.once('failed', (job) => failed.resolve(job?.opts.attempts ?? 0))
    await sending().add(hint, 1)
    expect(await failed.promise).toBe(1)
    expect(receiver.opts.maxStalledCount).toBe(0)
  })

  test('says at once that Redis is away, instead of waiting for it', async () => {
    const away = new Redis({
      host: '127.0.0.1',
      port: 1,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      lazyConnect: true,
    })
    away.on('error', () => {})
    const hints = createHints(away, here.keys, silent)
    await expect(hints.add(hint, 1)).rejects.toThrow()
    away.disconnect()
  })
})
