import { describe, expect, test } from 'vitest'
import { siteSchema } from '../../src/core/site.ts'
import { site, written } from './sample-site.ts'

type Path = (string | number)[]

/** The written site with one value changed (or removed, with undefined). */
function change(path: Path, value: unknown): unknown {
  const copy = structuredClone(written) as Record<string, unknown>
  let at = copy
  for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>
  const last = path.at(-1) ?? ''
  if (value === undefined) delete at[last]
  else at[last] = value
  return copy
}

function complaints(value: unknown): string[] {
  const checked = siteSchema.safeParse(value)
  return checked.success ? [] : checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

const ENV: Path = ['environments', 'loadtest']

test('what is left out gets its default', () => {
  expect(site.demo).toBe(false)
  expect(site.judgment.within).toBe('1h')
  expect(site.keep.executions).toBe('90d')
  expect(site.environments.loadtest).toMatchObject({
    workspace: 'default',
    terraform: 'terraform',
    lock_timeout: '60s',
    lifetime: { max: '24h', warn: '15m', extend: '1h' },
    health_within: '2m',
    pass: [],
    secrets: [],
  })
  expect(site.roles.idle).toEqual({ members: ['U05IDLE'], user_groups: [], may: [] })
})

describe('nothing fails open', () => {
  test.each<[string, Path, unknown, RegExp]>([
    ['no roles', ['roles'], undefined, /^roles: /],
    ['empty roles', ['roles'], {}, /roles: at least one role is needed/],
    ['roles as a list', ['roles'], ['engineers'], /^roles: /],
    ['roles that are null', ['roles'], null, /^roles: /],
    ['no workspace', ['slack'], undefined, /^slack: /],
    ['a workspace by name', ['slack', 'team'], 'acme', /slack\.team: expected the id/],
    ['a member by name', ['roles', 'engineers', 'members'], ['alice'], /members\.0: expected a Slack user id/],
    ['a member by mention', ['roles', 'engineers', 'members'], ['<@U01ALICE>'], /members\.0: expected a Slack user id/],
    ['everybody as a member', ['roles', 'engineers', 'members'], ['*'], /members\.0/],
    ['a user group by name', ['roles', 'engineers', 'user_groups'], ['@eng'], /user_groups\.0: .*S01ENG/],
    ['a rule without commands', ['roles', 'engineers', 'may'], [{}], /may\.0\.commands/],
    ['a rule with an empty list of commands', ['roles', 'engineers', 'may'], [{ commands: [] }], /may\.0\.commands/],
    [
      'a misspelled key in a rule',
      ['roles', 'engineers', 'may'],
      [{ commands: ['x'], enviroments: [] }],
      /may\.0: .*enviroments/,
    ],
    ['a misspelled key in an environment', [...ENV, 'approver'], ['approvers'], /approver/],
    ['a misspelled key at the top', ['role'], {}, /role/],
    ['an environment without approvers', [...ENV, 'approvers'], undefined, /loadtest\.approvers/],
    ['an environment with no approver', [...ENV, 'approvers'], [], /loadtest\.approvers/],
    ['approvers that are no role', [...ENV, 'approvers'], ['bosses'], /approvers: names the role bosses/],
    ['approvers that only every object has', [...ENV, 'approvers'], ['constructor'], /names the role constructor/],
    ['a channel that is not there', [...ENV, 'channel'], 'nowhere', /channel: names the channel nowhere/],
    ['a channel by name', ['channels', 'ops'], '#ops', /channels\.ops: expected a channel id/],
    ['an environment without a backend', [...ENV, 'backend'], undefined, /loadtest\.backend/],
    ['a time that is none', [...ENV, 'lifetime'], { max: 'forever' }, /lifetime\.max: expected a duration/],
    ['a time of nothing', ['judgment'], { within: '0s' }, /judgment\.within: expected a duration/],
    ['executions kept for hours only', ['keep'], { executions: '12h' }, /keep\.executions: expected at least 1d/],
    ['executions kept for no time', ['keep'], { executions: 'ever' }, /keep\.executions: expected a duration/],
    ['a variable that is an object', [...ENV, 'variables'], { a: { b: 1 } }, /variables\.a/],
    ['a name in capitals', ['environments'], { LoadTest: written.environments.loadtest }, /LoadTest/],
  ])('%s is refused at its place', (_what, path, value, said) => {
    expect(complaints(change(path, value)).join('\n')).toMatch(said)
  })

  test('all that is wrong is said at once', () => {
    const wrong = change(['channels', 'ops'], '#ops') as Record<string, unknown>
    expect(complaints({ ...wrong, slack: { team: 'acme' } })).toHaveLength(2)
  })
})

test.each(['U01ALICE', 'W01ALICE', 'T02OTHER/U01ALICE', 'shell:ann', 'shell:*', 'shell:_svc-1'])(
  '%s is a member',
  (member) => {
    expect(complaints(change(['roles', 'idle', 'members'], [member]))).toEqual([])
  },
)

describe('names that would mean two things, or nothing', () => {
  const image = { template: 'x.pkr.hcl', approvers: ['approvers'] }

  test('images that are built on each other are refused, with the ring', () => {
    const images = { a: { ...image, base: 'b' }, b: { ...image, base: 'c' }, c: { ...image, base: 'a' } }
    expect(complaints(change(['images'], images))).toContain(
      'images.a.base: goes round in a ring: a is built on b is built on c is built on a',
    )
    const line = { a: { ...image, base: 'b' }, b: { ...image, base: 'c' }, c: image }
    expect(complaints(change(['images'], line))).toEqual([])
    const tail = { x: { ...image, base: 'a' }, a: { ...image, base: 'b' }, b: { ...image, base: 'a' } }
    expect(complaints(change(['images'], tail))).toHaveLength(2)
  })

  test('a service with the name of an environment is refused', () => {
    const services = { loadtest: { image: 'app', environments: ['loadtest'], count: 'n' } }
    const both = { ...(change(['images'], { app: image }) as object), services }
    expect(complaints(both).join()).toMatch(/services\.loadtest: has the name of an environment/)
  })

  test.each([
    ['up', /sizes\.up: .*one step up/],
    ['down', /sizes\.down: .*one step down/],
    ['4', /sizes\.4: .*a whole number for a count\. Call it size-4/],
    ['Large', /sizes\.Large: .*expected a name of lower-case letters/],
  ])('a size called %s is refused, with why', (size, why) => {
    expect(complaints(change([...ENV, 'sizes'], { small: { app_count: 2 }, [size]: { app_count: 4 } })).join()).toMatch(
      why,
    )
  })
})
