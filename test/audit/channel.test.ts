import { expect, test } from 'vitest'
import { shownByDefault } from '../../src/core/audit.ts'
import { siteSchema } from '../../src/core/site.ts'
import { auditMessage } from '../../src/slack/audit-line.ts'
import { written } from '../core/sample-site.ts'
import { chainOf, entryOf } from './lines.ts'
import { auditOf, useRedis } from './redis.ts'

const here = useRedis()
const onOutbox = () => here.redis.zrange(here.keys.outbox, '0', '-1')

test('what the site lists is wanted in the channel, in the step in which it is recorded, and nothing else is', async () => {
  const audit = auditOf(here, { show: ['refused', 'judged'] })
  for (const kind of ['asked', 'refused', 'stored', 'judged', 'ran'] as const) await audit.keep(entryOf('x', { kind }))
  await audit.flush()
  expect(await onOutbox()).toEqual(['audit:2', 'audit:4'])
  expect((await audit.line(4))?.entry.kind).toBe('judged')
  expect(await audit.line(6)).toBeNull()
})

test('a site without a channel shows nothing, and one with a channel that it does not name is refused', () => {
  expect(siteSchema.parse(written).audit).toEqual({ show: [...shownByDefault] })
  const parsed = siteSchema.parse({ ...written, audit: { channel: 'ops', show: ['ran'] } })
  expect(parsed.audit).toEqual({ channel: 'ops', show: ['ran'] })
  const wrong = (audit: unknown) => siteSchema.safeParse({ ...written, audit }).error?.issues.map(({ path }) => path)
  expect(wrong({ channel: 'nowhere' })).toEqual([['audit', 'channel']])
  expect(wrong({ channel: 'ops', show: ['everything'] })).toEqual([['audit', 'show', 0]])
})

test('a line in the channel names people by their id, pings nobody, and is known again by its block', () => {
  const [line] = chainOf(1)
  if (!line) throw new Error('no line')
  const entry = entryOf('x', { kind: 'refused', why: 'Already decided by @U02BOB <!channel> <@U03CAROL>' })
  const { text, blocks } = auditMessage({ ...line, entry })
  const said = JSON.stringify({ text, blocks })
  expect(said).not.toMatch(/<[!@]/)
  expect(text).toContain('`T01TEAM/U01ALICE`')
  expect(blocks[0]).toMatchObject({ type: 'context', block_id: 'audit-1' })
})
