import { describe, expect, test } from 'vitest'
import type { Groups, Wanted } from '../../src/core/access.ts'
import { decide, mayEver, rolesOf, rolesThatMay } from '../../src/core/access.ts'
import type { Actor } from '../../src/core/actor.ts'
import { siteSchema } from '../../src/core/site.ts'
import { site, written } from './sample-site.ts'
import { alice, person } from './world.ts'

const none: Groups = new Map()
const inGroup: Groups = new Map([['S01ENG', new Set(['U08NEW'])]])
const guest = (team: string): Actor => ({ kind: 'slack', team, user: 'U09GUEST' })

describe('the roles of an actor', () => {
  test.each<[string, Actor, Groups, string[]]>([
    ['somebody who is listed', alice, none, ['engineers']],
    ['somebody who is listed twice', person('U02BOB'), none, ['engineers', 'approvers']],
    ['a stranger', person('U04EVE'), none, []],
    ['somebody in a user group', person('U08NEW'), inGroup, ['engineers']],
    ['somebody in a user group that could not be looked up', person('U08NEW'), none, []],
    ['the same id in another workspace', { kind: 'slack', team: 'T02OTHER', user: 'U01ALICE' }, none, []],
    ['a group member of another workspace', { kind: 'slack', team: 'T02OTHER', user: 'U08NEW' }, inGroup, []],
    ['a guest named with his workspace', guest('T02OTHER'), none, ['engineers']],
    ['his namesake here', guest('T01TEAM'), none, []],
    ['a shell user who is listed', { kind: 'shell', user: 'ann' }, none, ['engineers']],
    ['another shell user', { kind: 'shell', user: 'root' }, none, []],
    ['a shell user who calls himself a person', { kind: 'shell', user: 'U01ALICE' }, none, []],
    ['the clock', { kind: 'lifetime', environment: 'loadtest' }, inGroup, []],
  ])('%s', (_who, actor, groups, roles) => {
    expect(rolesOf(site, actor, groups)).toEqual(roles)
  })

  test('shell:* is every shell user and nobody else', () => {
    const open = siteSchema.parse({ ...written, roles: { ...written.roles, idle: { members: ['shell:*'] } } })
    expect(rolesOf(open, { kind: 'shell', user: 'root' }, none)).toEqual(['idle'])
    expect(rolesOf(open, alice, none)).toEqual(['engineers'])
  })
})

const up: Wanted = {
  command: 'loadtest up',
  allow: ['engineers', 'leads'],
  args: { size: 'small' },
  environment: 'loadtest',
}
const large = { ...up, args: { size: 'large' } }

describe('who may', () => {
  test.each<[string, string[], Wanted, string]>([
    ['a role with a rule for these values', ['engineers'], up, 'roles.engineers.may[0]'],
    ['a role with a rule for all values', ['leads'], large, 'roles.leads.may[0]'],
    ['the role of several that may', ['approvers', 'engineers'], up, 'roles.engineers.may[0]'],
    ['everyone, where the command says so', [], { ...up, command: 'help', allow: ['everyone'] }, 'everyone may'],
    [
      'a command that has no such argument',
      ['engineers'],
      { ...up, command: 'loadtest down', args: {} },
      'roles.engineers.may[1]',
    ],
  ])('%s: by that rule', (_who, roles, wanted, rule) => {
    expect(decide(site, roles, wanted)).toEqual({ allowed: true, rule })
  })

  test.each<[string, string[], Wanted, string[]]>([
    ['a value without a rule', ['engineers'], large, ['leads']],
    ['another environment', ['engineers'], { ...up, environment: 'production' }, []],
    ['no environment, where the rule names some', ['engineers'], { ...up, environment: null }, []],
    ['no role', [], up, ['engineers', 'leads']],
    ['a rule, but not in the command’s `allow`', ['leads'], { ...up, allow: ['engineers'] }, ['engineers']],
    ['in `allow`, but without a rule', ['idle'], { ...up, allow: ['idle'] }, []],
    ['a command that only begins alike', ['engineers'], { ...up, command: 'loadtest upgrade' }, ['leads']],
    ['an empty `allow`', ['engineers', 'leads'], { ...up, allow: [] }, []],
  ])('%s: no, and the answer names who may', (_what, roles, wanted, may) => {
    const decision = decide(site, roles, wanted)
    expect(decision).toMatchObject({ allowed: false, roles: may })
    const why = decision.allowed ? '' : decision.why
    for (const role of may) expect(why).toContain(`\`${role}\``)
    if (may.length === 0) expect(why).toContain('no role may')
    expect(why).toContain(roles.length ? 'You have' : 'You have no role here')
    expect(rolesThatMay(site, wanted)).toEqual(may)
  })
})

test('a dot or a bracket in a pattern is only itself', () => {
  const dotted = siteSchema.parse({
    ...written,
    roles: { ...written.roles, idle: { members: ['U05IDLE'], may: [{ commands: ['a.b', 'c(d', '* now'] }] } },
  })
  const may = (command: string) =>
    decide(dotted, ['idle'], { command, allow: ['idle'], args: {}, environment: null }).allowed
  expect(['a.b', 'axb', 'c(d', 'runs now', 'now'].map(may)).toEqual([true, false, true, true, false])
})

test.each<[string, string[], string, string[], boolean]>([
  ['a command that is allowed for some values', ['engineers'], 'loadtest up', ['engineers'], true],
  ['a command for everyone', [], 'whoami', ['everyone'], true],
  ['a command of another role', ['approvers'], 'loadtest up', ['engineers'], false],
  ['a command without a rule', ['idle'], 'loadtest up', ['idle'], false],
])('help lists %s: %s %s %s -> %s', (_what, roles, command, allow, listed) => {
  expect(mayEver(site, roles, command, allow)).toBe(listed)
})
