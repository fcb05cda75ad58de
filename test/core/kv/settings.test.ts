import { describe, expect, test } from 'vitest'
import { secretKeys } from '../../../src/core/kv/keys.ts'
import { DRIFT_TIMES } from '../../../src/core/kv/settings.ts'
import { readCron } from '../../../src/core/schedule.ts'
import { siteSchema } from '../../../src/core/site.ts'
import { approversOf, channelOf, isKv, targetOf, targetText } from '../../../src/core/target.ts'
import { written } from '../sample-site.ts'

const app = {
  source: 'settings',
  hub: 'dc1',
  spokes: ['dc2'],
  prefixes: ['config/app/'],
  approvers: ['approvers'],
  channel: 'ops',
}
const parsed = (more: Record<string, unknown>) => siteSchema.safeParse({ ...written, ...more })
const issues = (more: Record<string, unknown>) =>
  parsed(more).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? []

describe('who owns which prefix', () => {
  test.each([
    [
      'the same of two sources',
      { kv: { app, web: app } },
      /kv.web.prefixes config\/app\/ overlaps with config\/app\/ of kv.app/,
    ],
    [
      'one within another',
      { kv: { app, web: { ...app, prefixes: ['config/app/web/'] } } },
      /overlaps with config\/app\/ of kv.app/,
    ],
    [
      'one of something else',
      { kv: { app }, kv_owners: { terraform: ['config/'] } },
      /kv_owners.terraform config\/ overlaps/,
    ],
    ['our own', { kv: { app: { ...app, prefixes: ['groundcrew/images/'] } } }, /where Groundcrew itself keeps/],
    ['a state of Terraform', { kv: { app: { ...app, prefixes: ['groundcrew/'] } } }, /overlaps with/],
    ['no end', { kv: { app: { ...app, prefixes: ['config/app'] } } }, /ends with a slash/],
    ['everything', { kv: { app: { ...app, prefixes: ['/'] } } }, /without empty parts/],
    ['a way up', { kv: { app: { ...app, prefixes: ['config/../x/'] } } }, /only dots/],
  ])('%s is refused at the start', (_what, more, why) => {
    expect(issues(more).join('\n')).toMatch(why)
  })

  test('a longer name is another prefix', () => {
    expect(issues({ kv: { app, web: { ...app, prefixes: ['config/application/'] } } })).toEqual([])
  })
})

test.each([
  ['an approver that is no role', { approvers: ['nobody'] }, /names the role nobody/],
  ['a channel that is none', { channel: 'nowhere' }, /nowhere/],
  ['the hub as a spoke', { spokes: ['dc1'] }, /names the hub dc1/],
  ['a spoke twice', { spokes: ['dc2', 'dc2'] }, /names a datacenter twice/],
  ['a time that no clock has', { drift: { every: '7m', owner: 'U01ALICE' } }, /expected one of 5m/],
  ['nobody for drift', { drift: { every: '1h' } }, /kv.app.drift.owner/],
  ['what it does not know', { prefixs: [] }, /prefixs/],
])('%s is refused', (_what, change, why) => {
  expect(issues({ kv: { app: { ...app, ...change } } }).join('\n')).toMatch(why)
})

test('a schedule of the site file cannot have the name of the look for drift', () => {
  const schedules = { fixed: { 'kv-drift-app': { line: 'x', cron: '0 9 * * *', owner: 'U01ALICE' } } }
  expect(issues({ kv: { app: { ...app, drift: { every: '1h', owner: 'U01ALICE' } } }, schedules }).join()).toMatch(
    /has the name of the look for drift of kv.app/,
  )
})

test('every time for drift is one that the clock takes', () => {
  for (const cron of Object.values(DRIFT_TIMES)) expect(() => readCron(cron, 'UTC', 0)).not.toThrow()
})

test('settings are a target with approvers, a channel and words of their own', () => {
  const site = siteSchema.parse({ ...written, kv: { app } })
  expect(targetOf(site, 'kv:app')).toMatchObject({ environment: null, image: null, kv: { name: 'app' } })
  expect([approversOf(site, 'kv:app'), channelOf(site, 'kv:app'), targetText('kv:app'), isKv('kv:app')]).toEqual([
    ['approvers'],
    'C01OPS',
    'the settings app',
    true,
  ])
  expect(() => targetOf(site, 'kv:nope')).toThrow(/no source of settings `nope`.*app/)
})

test('a value is secret by the name of its key, by a rule of its source and by one for all of Consul', () => {
  const site = siteSchema.parse({
    ...written,
    kv: { app: { ...app, secrets: ['config/app/*/license'] } },
    consul: { mask: ['*/pin'] },
  })
  const settings = site.kv.app
  if (!settings) throw new Error('no settings')
  const isSecret = secretKeys(site, settings)
  expect(['config/app/db/password', 'config/app/x/license', 'config/app/pin', 'config/app/pool'].map(isSecret)).toEqual(
    [true, true, true, false],
  )
})
