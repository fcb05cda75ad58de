import { appendFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/core/audit.ts'
import { answerOf } from '../../src/engine/answers.ts'
import { wanted } from '../core/world.ts'
import { alice, crewOf } from './crew.ts'
import { entryOf } from './lines.ts'
import { auditOf, fileIn, useRedis } from './redis.ts'

const here = useRedis()
const about = (execution: string, change: Partial<AuditEntry> = {}) => entryOf('loadtest up', { execution, ...change })
const asked = { execution: 'r1', since: 0, limit: 400 }

/** Three lines about r1, far from each other among so many about others. */
async function spread(audit: ReturnType<typeof auditOf>, others: number): Promise<void> {
  for (let part = 0; part < 3; part++) {
    await audit.keep(about('r1', { what: `part ${part}` }))
    const more = Array.from({ length: others / 3 }, (_, number) => audit.keep(about(`other${number % 50}`)))
    await Promise.all(more)
  }
  await audit.flush()
}

/** How often Redis was asked for what, while something was done. */
async function calls(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await here.redis.config('RESETSTAT')
  await work()
  const lines = (await here.redis.info('commandstats')).matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)
  const found = Object.fromEntries([...lines].map(([, name, count]) => [name, Number(count)]))
  const { xrange = 0, xrevrange = 0, lrange = 0, hgetall = 0 } = found
  return { xrange, xrevrange, lrange, hgetall }
}

test('of one execution no more is read than its own lines, however much was recorded since', async () => {
  const audit = auditOf(here)
  await spread(audit, 3_000)
  expect(await here.redis.xlen(here.keys.audit)).toBe(3_003)
  const told = await calls(async () => {
    const { lines, gone } = await audit.about(asked)
    expect(lines.map(({ entry }) => entry.what)).toEqual(['part 0', 'part 1', 'part 2'])
    expect(gone).toEqual([])
  })
  expect(told).toEqual({ xrange: 3, xrevrange: 0, lrange: 1, hgetall: 0 })
  expect((await audit.about({ ...asked, limit: 2 })).lines.map(({ entry }) => entry.what)).toEqual(['part 1', 'part 2'])
})

test('numbers of an execution that is not stored lapse, those of one that is do not', async () => {
  const audit = auditOf(here)
  await audit.write(about('r1'))
  await audit.write(about('never'))
  expect(await here.redis.pttl(here.keys.auditOf('r1'))).toBeGreaterThan(24 * 3_600_000)
  await here.store.request(wanted({ id: 'r1' }), 'k1')
  await audit.flush()
  expect(await here.redis.pttl(here.keys.auditOf('r1'))).toBe(-1)
  expect(await here.redis.pttl(here.keys.auditOf('never'))).toBeGreaterThan(24 * 3_600_000)
  expect((await audit.about(asked)).lines.map(({ entry }) => entry.kind)).toEqual(['asked', 'stored', 'locked'])
})

test('of several writers at once none loses a number', async () => {
  const writers = [auditOf(here), auditOf(here), auditOf(here)]
  await Promise.all(Array.from({ length: 60 }, (_, number) => writers[number % 3]?.write(about('r1'))))
  const numbers = (await here.redis.lrange(here.keys.auditOf('r1'), 0, -1)).map(Number)
  expect(numbers).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
})

describe('what was recorded before there was an index', () => {
  test('is found as well, and before what came after', async () => {
    const audit = auditOf(here)
    await spread(audit, 30)
    await here.redis.del(here.keys.auditOf('r1'))
    await here.redis.hdel(here.keys.auditHead, 'indexed')
    expect((await audit.about(asked)).lines).toHaveLength(3)
    await audit.write(about('r1', { what: 'later' }))
    expect((await audit.about(asked)).lines.map(({ entry }) => entry.what)).toEqual([
      'part 0',
      'part 1',
      'part 2',
      'later',
    ])
  })

  test('is not looked for where the execution is younger than the index', async () => {
    const audit = auditOf(here)
    await spread(audit, 30)
    await here.redis.hdel(here.keys.auditHead, 'indexed')
    here.clock.now += 1
    await audit.write(about('r2'))
    const young = { execution: 'r2', since: here.clock.now + 1, limit: 400 }
    expect(await calls(() => audit.about(young))).toMatchObject({ xrevrange: 0 })
  })
})

describe('what the stream no longer has', () => {
  test('is read from the file of this machine, with what somebody put between left out', async () => {
    const file = fileIn(here)
    const audit = auditOf(here, { file })
    await spread(audit, 600)
    appendFileSync(file, 'no line of the audit\n')
    await here.redis.xtrim(here.keys.audit, 'MINID', '300-0')
    const { lines, gone } = await audit.about(asked)
    expect(lines.map(({ entry }) => entry.what)).toEqual(['part 0', 'part 1', 'part 2'])
    expect(gone).toEqual([])
  })

  test('is named elsewhere, with the files that have it', async () => {
    await auditOf(here, { file: fileIn(here) }).flush()
    const audit = auditOf(here, { file: fileIn(here) })
    await here.store.request(wanted({ id: 'r1' }), 'k1')
    await spread(audit, 30)
    await here.redis.xtrim(here.keys.audit, 'MINID', '20-0')
    const elsewhere = auditOf(here, { host: 'elsewhere' })
    const { crew, parts } = crewOf(here, here.store, elsewhere)
    const [first, ...rest] = await answerOf(parts, {
      actor: alice,
      roles: await crew.rolesFor(alice),
      channel: null,
    }).history('r1')
    expect(first).toBe(
      `4 lines (1 to 14) are no longer in Redis. \`here:${fileIn(here)}\` has them: \`npm run crew -- audit show --file <path> --run r1\` there.`,
    )
    expect(rest).toEqual([expect.stringContaining('part 2')])
  })
})
