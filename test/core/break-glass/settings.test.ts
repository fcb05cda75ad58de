import { describe, expect, test } from 'vitest'
import { siteSchema } from '../../../src/core/site.ts'
import { written } from '../sample-site.ts'

const oncall = { who: ['engineers'], gives: ['approvers'], most: '30m', announce: ['ops'] }
const read = (break_glass: unknown) => siteSchema.safeParse({ ...written, break_glass })

test('is off where the site says nothing, and lasts an hour at most where it does not say how long', () => {
  expect(siteSchema.parse(written).break_glass).toEqual({})
  const { most: _, ...rest } = oncall
  expect(read({ oncall: rest }).data?.break_glass.oncall?.most).toBe('1h')
  expect(read({ oncall }).success).toBe(true)
})

describe('refuses', () => {
  test.each([
    ['a role that is none', { who: ['nobody'] }, 'break_glass.oncall.who', 'names the role nobody'],
    ['to give a role that is none', { gives: ['gods'] }, 'break_glass.oncall.gives', 'names the role gods'],
    ['a channel that is none', { announce: ['nowhere'] }, 'break_glass.oncall.announce', 'names the channel nowhere'],
    ['a channel twice', { announce: ['ops', 'ops'] }, 'break_glass.oncall.announce', 'the same channel twice'],
    ['to be told nowhere', { announce: [] }, 'break_glass.oncall.announce', 'nobody raises his rights unseen'],
    ['nobody', { who: [] }, 'break_glass.oncall.who', 'at least one role'],
    ['nothing', { gives: [] }, 'break_glass.oncall.gives', 'at least one role'],
    ['more than a day', { most: '25h' }, 'break_glass.oncall.most', 'between 1m and 24h'],
    ['less than a minute', { most: '30s' }, 'break_glass.oncall.most', 'between 1m and 24h'],
    ['what is no duration', { most: 'long' }, 'break_glass.oncall.most', 'expected a duration'],
    ['what it does not know', { forever: true }, 'break_glass.oncall', 'forever'],
  ])('%s', (_, change, path, why) => {
    const issues = read({ oncall: { ...oncall, ...change } }).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('.'))).toContain(path)
    expect(issues.map(({ message }) => message).join(' ')).toContain(why)
  })

  test('the name of one of its commands', () => {
    expect(JSON.stringify(read({ list: oncall }).error?.issues)).toContain('expected another name')
  })
})
