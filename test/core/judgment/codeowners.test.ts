import { describe, expect, test } from 'vitest'
import { ownersIn } from '../../../src/core/judgment/codeowners.ts'
import { refusalOfOwner } from '../../../src/core/judgment/owners.ts'
import { siteSchema } from '../../../src/core/site.ts'
import type { Fields } from '../../../src/core/workflow.ts'
import { written } from '../sample-site.ts'
import {
  answer,
  applyStage,
  bob,
  carol,
  judgmentBy,
  judgmentStage,
  PLAN,
  person,
  runOf,
  stage,
  states,
  told,
  waiting,
} from '../world.ts'

describe('the owners of stacks/web', () => {
  test.each<[string, string, string[]]>([
    ['everything', '* @a', ['@a']],
    ['the last line that matches wins', '* @a\n/stacks/ @b\n', ['@b']],
    ['also where it is more general', '/stacks/web/ @b\n* @a', ['@a']],
    ['also where it names nobody', '* @a\n/stacks/web/', []],
    ['a folder by its path', '/stacks/web @b @o/team', ['@b', '@o/team']],
    ['a folder by its name, wherever it is', 'web/ @b', ['@b']],
    ['another folder', '/stacks/webx @b', []],
    ['a folder of this name elsewhere', '/web/ @b', []],
    ['all below a folder', '/stacks/** @b', ['@b']],
    ['at any depth', '**/web @b', ['@b']],
    ['in between', 'stacks/**/web @b', ['@b']],
    ['its files', '/stacks/web/* @b', ['@b']],
    ['the files of the folder around it alone', '/stacks/* @b', []],
    ['some of its files alone', '*.tf @b', []],
    ['one character', '/stacks/w?b @b', ['@b']],
    ['part of a name', '/stacks/w*/ @b', ['@b']],
    ['a comment, and one behind a line', '# all\n* @a # everybody\n', ['@a']],
    ['a person by the id of Slack', '* @slack:U02BOB a@example.com', ['@slack:U02BOB', 'a@example.com']],
    ['dots are only dots', '/stacks/we. @b', []],
    ['nothing', '', []],
    ['the files at the top alone', '* @a\n/* @b', ['@a']],
    ['whatever lies in some folder', '*/ @b', ['@b']],
    ['any folder at the top', '/*/ @b', ['@b']],
    ['two stars twice', '/stacks/**/**/web @b\n**/** @c', ['@c']],
    ['a folder with a space', '* @a\n/stacks/my\\ app/ @b', ['@a']],
    ['a mark of the order of bytes', '\uFEFF* @a', ['@a']],
    ['lines of Windows', '* @a\r\n/stacks/ @b\r\n', ['@b']],
  ])('%s', (_what, text, owners) => {
    expect(ownersIn(text, 'stacks/web')).toEqual(owners)
    expect(ownersIn(text, './stacks/web/')).toEqual(owners)
  })

  test('the whole repository is owned by who owns everything in it', () => {
    expect(ownersIn('* @a\n/stacks/ @b', '.')).toEqual(['@a'])
    expect(ownersIn('/* @a\n*/ @b', '.')).toEqual(['@a'])
  })

  test('a space, and what would stand for something else, is taken as it is after a backslash', () => {
    expect(ownersIn('/stacks/my\\ app/ @b', 'stacks/my app/eu')).toEqual(['@b'])
    expect(ownersIn('/stacks/w\\*b @b', 'stacks/web')).toEqual([])
  })

  test.each(['!/stacks @a', '[ab] @a', '[Section]', '\\#a @a', 'a\\', '* bob', '* @a/b/c'])('%j is refused', (text) => {
    expect(() => ownersIn(text, 'stacks/web')).toThrow(/Line 1 of CODEOWNERS/)
  })
})

describe('a judgment by owners', () => {
  const codeowners = { team: 'T01TEAM', teams: { '@acme/data': 'data' }, users: { '@Bob': 'U02BOB' } }
  const asked = (plan: Fields, more: Fields = {}) =>
    waiting({ stages: [stage(PLAN, PLAN), judgmentStage({ codeowners, ...more }), applyStage] }, undefined, plan)
  const owned = (...owners: string[]) => asked({ owners, ownersOf: 'stacks/web' })
  const by = (story: ReturnType<typeof asked>, who: typeof bob, roles: string[] = []) =>
    ({ type: 'judged', judgment: judgmentBy(story, who, { roles }) }) as const

  test('is given by who owns the stack, by name or by team, and by nobody else', () => {
    for (const [story, who, roles] of [
      [owned('@bob'), bob, []],
      [owned('@slack:U02BOB'), bob, []],
      [owned('@acme/DATA'), carol, ['data']],
    ] as const)
      expect(states(told(story, by(story, who, [...roles])))).toBe('succeeded succeeded ready')
    const story = owned('@bob', '@acme/data')
    expect(answer(story, by(story, carol, ['approvers'])).refused).toBe(
      '@U03CAROL does not own `stacks/web`: `data`, @U02BOB may judge this (CODEOWNERS).',
    )
    const elsewhere = { kind: 'slack', team: 'T02OTHER', user: 'U02BOB' } as const
    expect(refusalOfOwner(story.execution, runOf(story, 'judgment'), elsewhere, [])).toMatch(/does not own/)
    expect(refusalOfOwner(story.execution, runOf(story, 'judgment'), person('U02BOB'), [])).toBeNull()
  })

  test.each<[string, Fields, RegExp]>([
    ['nobody owns it', { owners: [], ownersOf: 'stacks/web' }, /names no owner for `stacks\/web`/],
    ['the site knows none of them', { owners: ['@eve'], ownersOf: 'x' }, /names `@eve`, whom this site does not know/],
    ['the file could not be read', { ownersWhy: 'There is no file.' }, /^There is no file\. Nobody could approve/],
    ['the plan does not say', {}, /found no CODEOWNERS file/],
  ])('fails where %s: it is never open to all approvers', (_what, plan, why) => {
    const story = asked(plan)
    expect(story.execution.status).toBe('failed')
    expect(runOf(story, 'judgment').outcome).toMatchObject({ error: expect.stringMatching(why) })
  })

  test('is asked also where the plan was approved in advance', () => {
    const preapproved = { execution: 'r0', environment: 'loadtest', lineage: 'L1', approvers: ['T01TEAM/U02BOB'] }
    const story = asked({ owners: ['@bob'], ownersOf: 'x', deleteOnly: true }, { preapproved })
    expect(runOf(story, 'judgment').state).toBe('waiting')
  })
})

test('the site says who is who, and its teams are roles', () => {
  const codeowners = (teams: object) => siteSchema.safeParse({ ...written, codeowners: { teams } })
  expect(codeowners({ '@acme/data': 'leads' }).success).toBe(true)
  expect(codeowners({ '@acme/data': 'nobody' }).error?.message).toMatch(/names the role nobody/)
  expect(codeowners({ data: 'leads' }).error?.message).toMatch(/expected @organization\/team/)
})
