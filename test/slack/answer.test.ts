import { expect, test } from 'vitest'
import { privateAnswer } from '../../src/slack/answer.ts'
import type { Desk } from '../../src/slack/desk.ts'
import { silent, useRedis } from '../engine/redis.ts'
import { drawn } from './reading.ts'

const here = useRedis()
const file = { name: 'long.txt', content: 'all of it' }
const to = { user: 'U01ALICE', line: 'consul kv get long', request: 'r1' }
const desk = (sendFile?: Desk['sendFile']) =>
  ({ parts: { store: here.store }, log: silent, ...(sendFile ? { sendFile } : {}) }) as unknown as Desk

test('a file goes to its asker, once for each request, and the answer says so', async () => {
  const sent: unknown[] = []
  const withFiles = desk(async (...given) => {
    sent.push(given)
  })
  const said = [
    await privateAnswer(withFiles, { text: 'x', file }, to),
    await privateAnswer(withFiles, { text: 'x', file }, to),
  ]
  expect(sent).toEqual([['U01ALICE', file, 'consul kv get long']])
  for (const message of said) expect(drawn(message)).toContain('long.txt, which went to you alone')
})

test('one that Slack refuses is told with the reason, and the answer is there all the same', async () => {
  const failing = desk(async () => {
    throw new Error('An API error occurred: missing_scope')
  })
  const buttons = [{ label: 'Next page', line: 'x --page 2' }]
  const message = await privateAnswer(failing, { text: 'the first page', file, buttons }, to)
  expect(drawn(message)).toMatch(
    /the first page[\s\S]*could not be sent to you \(.*missing_scope\); the pages have all of it/,
  )
  const alone = drawn(await privateAnswer(failing, { text: 'a value', file }, { ...to, request: 'r2' }))
  expect(alone).toMatch(/could not be sent to you \(.*missing_scope\)\./)
  expect(alone).not.toContain('pages')
})

test('one that takes long is not waited for', async () => {
  const message = await privateAnswer(
    desk(() => new Promise(() => {})),
    { text: 'x', file },
    to,
  )
  expect(drawn(message)).toContain('on its way to you alone')
})

test('where files cannot be sent the answer says so; without a file it says nothing of them', async () => {
  expect(drawn(await privateAnswer(desk(), { text: 'x', file }, to))).toContain('Files cannot be sent here')
  expect(drawn(await privateAnswer(desk(), { text: 'x' }, to))).not.toContain('sent')
})
