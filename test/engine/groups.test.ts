import { expect, test } from 'vitest'
import { forgetGroup, readGroups, writeGroup } from '../../src/engine/groups.ts'
import { START, useRedis } from './redis.ts'

const here = useRedis()
const write = (group: string, users: string[], at = START) => writeGroup(here.redis, here.keys, group, users, at)
const read = (now = START) => readGroups(here.redis, here.keys, now)

test('workers know the members of user groups as the bots last saw them', async () => {
  await write('S01ENG', ['U01', 'U02'])
  await write('S01ENG', ['U02'], START + 1)
  await write('S02EMPTY', [])
  expect(await read()).toEqual(
    new Map([
      ['S01ENG', new Set(['U02'])],
      ['S02EMPTY', new Set()],
    ]),
  )
})

test('a group that was not seen lately has no members any more: no answer means no', async () => {
  await write('S01ENG', ['U01'])
  await write('S02OPS', ['U02'], START + 1000)
  expect([...(await read(START + 90_000)).keys()].sort()).toEqual(['S01ENG', 'S02OPS'])
  expect([...(await read(START + 90_001)).keys()]).toEqual(['S02OPS'])
})

test('a group that Slack could not say has no members from now on, and the others keep theirs', async () => {
  await write('S01ENG', ['U01'])
  await write('S02OPS', ['U02'])
  await forgetGroup(here.redis, here.keys, 'S01ENG')
  expect([...(await read()).keys()]).toEqual(['S02OPS'])
})

test('where no bot ever looked there are no groups', async () => {
  expect(await read()).toEqual(new Map())
})
