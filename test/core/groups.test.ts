import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseSite } from '../../src/config/site.ts'
import { siteSchema } from '../../src/core/site.ts'
import { written } from './sample-site.ts'

const group = {
  backend: { type: 's3', config: { bucket: 'states-cn', region: 'cn-north-1' } },
  terraform: '~> 1.11',
  region: { name: 'cn-north-1', variable: 'region', env: ['AWS_REGION'] },
  var_files: ['vars/cn.tfvars'],
  variables: { owner: 'ops', tier: 'standard' },
  sizes: { small: { app_count: 2, disk: 10 } },
  approvers: ['approvers'],
  channel: 'ops',
  labels: ['network=cn'],
  pass: ['AWS_PROFILE'],
  secrets: ['AWS_SECRET_ACCESS_KEY'],
}

const environment = { group: 'ops-cn', stack: 'stacks/web', backend: { config: { key: 'web' } } }

function siteWith(environments: object, groups: object = { 'ops-cn': group }): unknown {
  return { ...written, groups, environments }
}

function complaints(site: unknown): string[] {
  const checked = siteSchema.safeParse(site)
  return checked.success ? [] : checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

const parsed = (own: object = {}) =>
  siteSchema.parse(siteWith({ web: { ...environment, ...own } })).environments.web as NonNullable<unknown>

describe('an environment of a group', () => {
  test('has everything that the group gives, and what the site says of all', () => {
    expect(parsed()).toMatchObject({
      group: 'ops-cn',
      backend: { type: 's3', config: { bucket: 'states-cn', region: 'cn-north-1', key: 'web' } },
      terraform: '~> 1.11',
      variables: { owner: 'ops', tier: 'standard', region: 'cn-north-1' },
      var_files: ['vars/cn.tfvars'],
      approvers: ['approvers'],
      channel: 'ops',
      labels: ['network=cn'],
      pass: ['AWS_PROFILE'],
      secrets: ['AWS_SECRET_ACCESS_KEY'],
      lock_timeout: '60s',
    })
  })

  test('wins with what it says itself, field by field', () => {
    const own = {
      terraform: '1.10.5',
      variables: { tier: 'large' },
      sizes: { small: { app_count: 3 } },
      region: { name: 'cn-northwest-1' },
      approvers: ['leads'],
    }
    expect(parsed(own)).toMatchObject({
      terraform: '1.10.5',
      variables: { owner: 'ops', tier: 'large', region: 'cn-northwest-1' },
      sizes: { small: { app_count: 3, disk: 10 } },
      approvers: ['leads'],
    })
  })

  test('adds its files, names and labels to those of the group, its own last and none twice', () => {
    const own = {
      var_files: ['vars/web.tfvars', 'vars/cn.tfvars'],
      pass: ['AWS_PROFILE', 'TOKEN_FILE'],
      labels: ['gpu'],
    }
    expect(parsed(own)).toMatchObject({
      var_files: ['vars/web.tfvars', 'vars/cn.tfvars'],
      pass: ['AWS_PROFILE', 'TOKEN_FILE'],
      labels: ['network=cn', 'gpu'],
    })
  })

  test('with another backend takes nothing of the settings of the one in the group', () => {
    expect(parsed({ backend: { type: 'consul', config: { path: 'web' } } })).toMatchObject({
      backend: { type: 'consul', config: { path: 'web' } },
    })
  })

  test('may take its repository from the group and say only the folder', () => {
    const groups = { 'ops-cn': { ...group, stack: { git: 'git@git.example.com:ops/infra.git', ref: 'main' } } }
    const site = siteSchema.parse(siteWith({ web: { ...environment, stack: { path: 'stacks/web' } } }, groups))
    expect(site.environments.web?.stack).toEqual({
      git: 'git@git.example.com:ops/infra.git',
      ref: 'main',
      path: 'stacks/web',
    })
  })

  test('reads the same again once it was read', () => {
    const once = siteSchema.parse(siteWith({ web: environment }))
    expect(siteSchema.parse(once)).toEqual(once)
  })
})

describe('what is refused, with its place', () => {
  test.each<[string, object, object | undefined, RegExp]>([
    [
      'an unknown group',
      { group: 'ops-us' },
      undefined,
      /^environments\.web\.group: names the group ops-us.*there: ops-cn/,
    ],
    [
      'a group that only every object has',
      { group: 'constructor' },
      undefined,
      /web\.group: names the group constructor/,
    ],
    ['a field that nothing has', {}, { ...group, aprovers: ['x'] }, /groups\.ops-cn: .*aprovers/],
    ['a group in a group', {}, { ...group, group: 'other' }, /groups\.ops-cn: .*group/],
    [
      'a wrong value in a group',
      {},
      { ...group, terraform: '~> one' },
      /groups\.ops-cn\.terraform: `~> one` is no version/,
    ],
    [
      'a region that nobody is told of',
      { region: { name: 'eu' } },
      { ...group, region: undefined },
      /web\.region: .*`variable`/,
    ],
    [
      'a region that a variable contradicts',
      { variables: { region: 'eu' } },
      undefined,
      /web\.region: gives the variable region as cn-north-1, and `variables` as eu/,
    ],
    [
      'a region that is passed as well',
      { pass: ['AWS_REGION'] },
      undefined,
      /web\.region: sets AWS_REGION, which is passed/,
    ],
    ['a region in what changes Terraform', { region: { env: ['TF_CLI_ARGS'] } }, undefined, /region\.env/],
    [
      'a variable file that leads out of the stack',
      { var_files: [{ stack: '/etc/passwd' }] },
      undefined,
      /var_files\.1.*expected a path within the stack/,
    ],
    [
      'a program that looks like an option',
      { terraform: '-chdir=/' },
      undefined,
      /web\.terraform: `-chdir=\/` is no program/,
    ],
  ])('%s', (_what, own, other, said) => {
    const groups = other ? { 'ops-cn': other } : undefined
    expect(complaints(siteWith({ web: { ...environment, ...own } }, groups)).join('\n')).toMatch(said)
  })

  test('two environments of one state, which a group makes easy to write', () => {
    const two = { web: environment, api: environment }
    expect(complaints(siteWith(two))).toEqual([
      'environments.api.backend: is the state of web too: give each its own key, path or workspace',
    ])
    expect(complaints(siteWith({ ...two, api: { ...environment, workspace: 'api' } }))).toEqual([])
    expect(complaints(siteWith({ ...two, api: { ...environment, labels: ['network=hub'] } }))).toEqual([])
  })
})

test('paths are taken from where the site file lies: variable files, a program, a repository of this machine', () => {
  const own = {
    terraform: 'bin/terraform',
    var_files: [{ stack: 'envs/web.tfvars' }],
    stack: { git: '../infra.git', ref: 'main' },
  }
  const site = parseSite(stringify(siteWith({ web: { ...environment, ...own } })), '/srv/crew/groundcrew.yml')
  expect(site.environments.web).toMatchObject({
    terraform: '/srv/crew/bin/terraform',
    var_files: ['/srv/crew/vars/cn.tfvars', { stack: 'envs/web.tfvars' }],
    stack: { git: '/srv/infra.git', ref: 'main', path: '.' },
  })
})

describe('a repository as the stack', () => {
  const stack = (change: object) =>
    complaints(siteWith({ web: { ...environment, stack: { git: '/srv/infra.git', ref: 'main', ...change } } })).join(
      '\n',
    )

  test.each([
    'https://git.example.com/ops/infra.git',
    'ssh://git@git.example.com:2222/ops/infra.git',
    'git@git.example.com:ops/infra.git',
    'file:///srv/infra.git',
    '/srv/infra.git',
    '../infra',
  ])('may be %s', (git) => expect(stack({ git })).toBe(''))

  test.each([
    ['--upload-pack=touch', /expected https/],
    ['ext::sh -c touch', /expected https/],
    ['-x@host:path', /expected https/],
    ['http://git.example.com/infra.git', /unprotected: use https/],
    ['git://git.example.com/infra.git', /unprotected/],
    ['https://ann:hunter2@git.example.com/infra.git', /holds a password: give credentials by name/],
    ['', /expected https/],
  ])('may not be %j', (git, said) => expect(stack({ git })).toMatch(said))

  test.each(['main', 'v1.2.0', 'feature/new_net', 'refs/tags/v1', 'a'.repeat(40)])('at %s', (ref) =>
    expect(stack({ ref })).toBe(''),
  )
  test.each(['-main', '--upload-pack=x', 'a..b', 'a b', 'main:refs/heads/x', '+main', 'main^', '@{-1}', 'x.lock', ''])(
    'not at %j',
    (ref) => expect(stack({ ref })).toMatch(/expected a branch, a tag or a full commit id/),
  )
  test.each(['../other', '/etc', '-x', 'a/../../b'])('not in the folder %j', (path) =>
    expect(stack({ path })).toMatch(/expected a folder within the repository/),
  )
})
