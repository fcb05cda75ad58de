import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ArtifactGone, checkArtifactKey, createArtifacts, open, seal } from '../../src/engine/artifacts.ts'
import { ConfigError, UserError } from '../../src/errors.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const KEY = 'ab'.repeat(32)
const key = Buffer.from(KEY, 'hex')
const artifacts = (secret = KEY) => createArtifacts(here.redis, here.keys, secret)
const MEBIBYTE = 1024 * 1024

describe('what was sealed', () => {
  const sealed = seal(key, 'r1/plan', Buffer.from('a plan with a secret'))

  test('opens with its key and its name', () => {
    expect(open(key, 'r1/plan', sealed).toString()).toBe('a plan with a secret')
  })

  test('is never the same twice, and shows nothing of its content', () => {
    expect(seal(key, 'r1/plan', Buffer.from('a plan with a secret')).equals(sealed)).toBe(false)
    expect(sealed.includes('secret')).toBe(false)
  })

  test('may be empty', () => {
    expect(open(key, 'x', seal(key, 'x', Buffer.alloc(0)))).toHaveLength(0)
  })

  test('does not open when any one of its bytes is another', () => {
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => open(key, 'r1/plan', changed), `byte ${at}`).toThrow(/does not open/)
    }
  })

  test('does not open when it was cut, however short', () => {
    for (let length = 0; length < sealed.length; length++)
      expect(() => open(key, 'r1/plan', sealed.subarray(0, length)), `${length} bytes`).toThrow(/does not open/)
  })

  test.each([
    ['another key', randomBytes(32), 'r1/plan'],
    ['the name of another file', key, 'r1/stack'],
    ['the name of another execution', key, 'r2/plan'],
  ])('does not open with %s', (_what, wrong, name) => {
    expect(() => open(wrong, name, sealed)).toThrow(/does not open with this GROUNDCREW_ARTIFACT_KEY/)
  })
})

describe('artifacts', () => {
  test('travel from one worker to another', async () => {
    const content = randomBytes(300_000)
    await artifacts().of('r1').put('plan', content)
    expect(content.equals(await artifacts().of('r1').get('plan'))).toBe(true)
  })

  test('lie in Redis only sealed, and not for ever', async () => {
    await artifacts().of('r1').put('plan', Buffer.from('a secret'))
    const stored = await here.redis.getBuffer(here.keys.artifact('r1', 'plan'))
    expect(stored?.includes('a secret')).toBe(false)
    expect(await here.redis.ttl(here.keys.artifact('r1', 'plan'))).toBeGreaterThan(0)
  })

  test('of one execution are not those of another, not even when somebody copies them there', async () => {
    await artifacts().of('r1').put('plan', Buffer.from('one'))
    await expect(artifacts().of('r2').get('plan')).rejects.toThrow(/plan of r2 is gone/)
    await here.redis.copy(here.keys.artifact('r1', 'plan'), here.keys.artifact('r2', 'plan'))
    await expect(artifacts().of('r2').get('plan')).rejects.toThrow(/does not open/)
  })

  test('do not open for a worker with another key', async () => {
    await artifacts().of('r1').put('plan', Buffer.from('one'))
    await expect(artifacts('cd'.repeat(32)).of('r1').get('plan')).rejects.toThrow(/another key, or it was changed/)
  })

  test('that are too large are refused with what to do, before anything is stored', async () => {
    const large = artifacts()
      .of('r1')
      .put('stack', Buffer.alloc(64 * MEBIBYTE + 1))
    await expect(large).rejects.toThrow(UserError)
    await expect(large).rejects.toThrow(/stack has 64\.0 MiB; at most 64\.0 MiB.*smaller/)
    expect(await here.redis.exists(here.keys.artifact('r1', 'stack'))).toBe(0)
  })

  test('are gone when they were discarded, and only they', async () => {
    const kept = artifacts()
    for (const name of ['plan', 'stack', 'plan.txt']) await kept.of('r1').put(name, Buffer.from(name))
    await kept.discard('r1', ['plan', 'stack', 'never'])
    await expect(kept.of('r1').get('plan')).rejects.toThrow(/is gone/)
    expect(String(await kept.of('r1').get('plan.txt'))).toBe('plan.txt')
  })
})

test('what is gone, and what does not open, is said to people as it is, and can be told apart', async () => {
  await artifacts().of('r1').put('plan', Buffer.from('one'))
  const wrong = artifacts('cd'.repeat(32)).of('r1').get('plan')
  await expect(wrong).rejects.toThrow(UserError)
  await expect(wrong).rejects.not.toThrow(ArtifactGone)
  await expect(artifacts().of('r1').get('never')).rejects.toThrow(ArtifactGone)
})

describe('a process whose key is not that of the others', () => {
  const [old, fresh, other] = ['0a'.repeat(32), '0b'.repeat(32), '0c'.repeat(32)] as const
  const start = (...keys: string[]) => checkArtifactKey(here.redis, here.keys, keys.join(','))

  test('does not start, with what to do; of two that start at once with other keys only one does', async () => {
    const both = await Promise.allSettled([start(old), start(other)])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const winner = both[0]?.status === 'fulfilled' ? old : other
    await start(winner, fresh)
    const late = start(fresh)
    await expect(late).rejects.toThrow(ConfigError)
    await expect(late).rejects.toThrow(
      /GROUNDCREW_ARTIFACT_KEY is not the key that the other bots and workers have.*NEW,OLD/,
    )
  })

  test('starts while keys change, as NEW,OLD and then NEW; who was left with OLD does not', async () => {
    await start(old)
    await start(fresh, old)
    await start(fresh, old)
    await expect(start(old)).rejects.toThrow(ConfigError)
    await start(fresh)
    await expect(start(old)).rejects.toThrow(ConfigError)
    await start(fresh.toUpperCase())
  })

  test('and Redis has nothing from which the key could be told', async () => {
    await start(old)
    const stored = await here.redis.get(here.keys.artifactKey)
    expect(stored).toMatch(/^[0-9a-f]{64}$/)
    expect(stored).not.toContain(old)
  })
})

test('what was sealed with the old key opens while keys are changed, and what is new is sealed with the new one', async () => {
  const [old, fresh] = ['0a'.repeat(32), '0b'.repeat(32)]
  const named = (keys: string) => createArtifacts(here.redis, here.keys, keys).of('rotated')
  await named(old).put('before', Buffer.from('old'))
  await named(`${fresh},${old}`).put('after', Buffer.from('new'))
  expect((await named(`${fresh},${old}`).get('before')).toString()).toBe('old')
  expect((await named(fresh).get('after')).toString()).toBe('new')
  await expect(named(fresh).get('before')).rejects.toThrow(/does not open/)
})
