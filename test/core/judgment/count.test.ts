import { describe, expect, test } from 'vitest'
import { standingOf, standingText } from '../../../src/core/judgment/count.ts'
import type { Group } from '../../../src/core/judgment/settings.ts'

const sre = { by: 'a', roles: ['sre'] }
const data = { by: 'b', roles: ['data'] }
const both = { by: 'c', roles: ['sre', 'data'] }
const neither = { by: 'd', roles: ['approvers'] }
const each: Group[] = [
  { role: 'sre', count: 1 },
  { role: 'data', count: 1 },
]

describe('what approvals are enough', () => {
  test.each<[string, number, Group[], { by: string; roles: string[] }[], boolean]>([
    ['one, where one is needed', 1, [], [sre], true],
    ['nobody', 1, [], [], false],
    ['one of two', 2, [], [sre], false],
    ['two of two', 2, [], [sre, neither], true],
    ['the same person twice', 2, [], [sre, sre], false],
    ['one of each group', 2, each, [sre, data], true],
    ['two of the same group', 2, each, [sre, { by: 'e', roles: ['sre'] }], false],
    ['one who is in both groups counts for one of them', 2, each, [both], false],
    ['who is in both, and somebody of either', 2, each, [both, data], true],
    ['the same the other way round: the first gives up its place', 2, each, [both, sre], true],
    ['two who are in both', 2, each, [both, { by: 'e', roles: ['sre', 'data'] }], true],
    ['groups, and one more of anybody', 3, each, [sre, data], false],
    ['groups, and one more who is there', 3, each, [sre, neither, data], true],
    ['two of one role', 2, [{ role: 'sre', count: 2 }], [sre, both], true],
    ['two of one role where one is of another', 2, [{ role: 'sre', count: 2 }], [sre, data], false],
  ])('%s', (_what, count, groups, approvals, enough) => {
    expect(standingOf({ count, groups }, approvals).done).toBe(enough)
    expect(standingOf({ count, groups }, [...approvals].reverse()).done).toBe(enough)
  })

  test.each<[number, Group[], { by: string; roles: string[] }[], string]>([
    [1, [], [], ''],
    [2, [], [], '0 of 2 approvals'],
    [2, [], [sre], '1 of 2 approvals'],
    [2, each, [sre], '1 of 2 approvals; missing: one of `data`'],
    [2, each, [], '0 of 2 approvals; missing: one of `sre` and one of `data`'],
    [2, each, [both], '1 of 2 approvals; missing: one of `data`'],
    [3, [{ role: 'sre', count: 2 }], [data], '1 of 3 approvals; missing: 2 of `sre`'],
    [2, each, [sre, { ...sre, by: 'e' }], '2 approvals; missing: one of `data`'],
    [2, each, [sre, data], ''],
  ])('%# is said in words', (count, groups, approvals, text) => {
    expect(standingText(standingOf({ count, groups }, approvals))).toBe(text)
  })
})
