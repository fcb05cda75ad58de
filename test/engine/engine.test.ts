import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { ConfigError } from '../../src/errors.ts'
import { site } from '../core/sample-site.ts'
import { silent, useRedis } from './redis.ts'

const here = useRedis()

test('who has another artifact key than the others does not start, and keeps no connection', async () => {
  const config = (key: string) =>
    readConfig({ REDIS_URL: here.url, GROUNDCREW_PREFIX: 'keyed', GROUNDCREW_ARTIFACT_KEY: key })
  const first = await createEngine(config('0a'.repeat(32)), site, silent)
  const clients = async () => ((await here.redis.client('LIST')) as string).trim().split('\n').length
  const before = await clients()
  await expect(createEngine(config('0b'.repeat(32)), site, silent)).rejects.toThrow(ConfigError)
  await expect.poll(clients).toBe(before)
  await (await createEngine(config(`${'0b'.repeat(32)},${'0a'.repeat(32)}`), site, silent)).close()
  await first.close()
})
