import type { Redis } from 'ioredis'
import type { Config } from '../../config.ts'
import { hostOf, withRedis } from '../redis.ts'
import type { Check } from './check.ts'
import { fail, ok, tried, warn } from './check.ts'

const OLDEST = [6, 2] as const

type Wanted = { readonly name: string; readonly value: string; readonly why: string }

const SETTINGS: readonly Wanted[] = [
  { name: 'maxmemory-policy', value: 'noeviction', why: 'an evicted key is a lost execution' },
  { name: 'appendonly', value: 'yes', why: 'without it a restart forgets everything' },
  { name: 'appendfsync', value: 'always', why: 'a lost record of a start is a second apply' },
]

/** Whether Redis keeps what it was told, which everything here relies on. */
export async function checkRedis({ settings }: Config, env: Readonly<NodeJS.ProcessEnv>): Promise<Check[]> {
  const url = settings.REDIS_URL
  if (!url) {
    return env.REDIS_URL
      ? []
      : [fail('redis', 'REDIS_URL is not set', 'Set it to redis://HOST:PORT, or run script/demo')]
  }
  const todo = 'Start it, or correct REDIS_URL (rediss:// for TLS, user and password before an @)'
  return tried('redis', todo, () =>
    withRedis(url, async (redis) => [
      ok('redis', `answers at ${hostOf(url)}`),
      versionCheck(await redis.info('server')),
      ...(await Promise.all(SETTINGS.map((wanted) => settingCheck(redis, wanted)))),
    ]),
  )
}

/** Valkey says both its own version and the one of Redis that it is compatible with. */
function versionCheck(info: string): Check {
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? ''
  const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1]
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wanted, least] = OLDEST
  const shown = valkey ? `Valkey ${valkey} (as Redis ${version})` : version || 'not told'
  if (major > wanted || (major === wanted && minor >= least)) return ok('redis version', shown)
  return fail('redis version', shown, `Use Redis ${OLDEST.join('.')} or newer, or Valkey`)
}

async function settingCheck(redis: Redis, { name, value, why }: Wanted): Promise<Check> {
  const what = `redis ${name}`
  const answer = await redis.config('GET', name).catch(() => null)
  const found = Array.isArray(answer) ? answer[1] : undefined
  const todo = `Set \`${name} ${value}\` in redis.conf, and now with \`redis-cli CONFIG SET ${name} ${value}\`: ${why}`
  if (found === value) return ok(what, value)
  if (typeof found === 'string') return fail(what, `${found}, expected ${value}`, todo)
  return warn(what, 'not told by this server', `See where it is configured that it is ${value}: ${why}`)
}
