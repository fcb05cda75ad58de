import { expect, test } from 'vitest'
import { newEnvironment } from '../../../src/core/environment.ts'
import { frozen } from '../../../src/core/freeze.ts'
import { planStages } from '../../../src/core/planning.ts'
import { siteSchema } from '../../../src/core/site.ts'
import { outsideWindowOf, targetOf } from '../../../src/core/target.ts'
import { judgment, kv, stageKinds } from '../../../src/stages/index.ts'
import { written } from '../sample-site.ts'
import { begin, bob, HOUR, judged, planned, runOf, runs, START } from '../world.ts'

const window = { days: ['mon-fri'], from: '09:00', to: '17:00', zone: 'UTC' }
const app = { source: 'settings', hub: 'dc1', prefixes: ['config/app/'], approvers: ['approvers'] }
const siteWith = (more: object) => siteSchema.parse({ ...written, kv: { app: { ...app, ...more } } })
const stagesOf = (more: object) => {
  const site = siteWith(more)
  const drafts = [kv.plan({}), judgment({ show: 'kv.plan' }), kv.apply({ plan: 'kv.plan' })]
  return planStages(drafts, stageKinds, { site, ...targetOf(site, 'kv:app') })
}
const approved = (more: object, record = newEnvironment('kv:app')) =>
  judged(runs(begin({ environment: 'kv:app', stages: stagesOf(more) }, record), 'kv.plan', planned()), 'approved', bob)

test('what writes settings waits for their window, and nothing else does', () => {
  expect(stagesOf({ windows: [window] }).map(({ guard }) => guard)).toEqual([
    undefined,
    undefined,
    { windows: [window] },
  ])
  // START is Friday 17:40 UTC.
  expect(runOf(approved({ windows: [window] }), 'kv.apply')).toMatchObject({
    state: 'waiting',
    held: { by: 'window', text: 'outside the window of the settings app: opens Mon 2026-11-23 09:00 UTC' },
  })
  expect(runOf(approved({}), 'kv.apply').state).toBe('ready')
})

test('and for the end of a freeze', () => {
  const freeze = { by: bob, at: START, until: START + 2 * HOUR, why: 'quarter end' }
  const icy = frozen(newEnvironment('kv:app'), freeze).environment
  expect(runOf(approved({}, icy), 'kv.apply')).toMatchObject({ state: 'waiting', held: { by: 'freeze' } })
})

test('the site says who may let it write all the same', () => {
  expect(outsideWindowOf(siteWith({ outside_window: ['leads'] }), 'kv:app')).toEqual(['leads'])
  expect(outsideWindowOf(siteWith({}), 'kv:app')).toEqual([])
  expect(outsideWindowOf(siteWith({}), null)).toBeNull()
  const wrong = siteSchema.safeParse({ ...written, kv: { app: { ...app, outside_window: ['nobody'] } } })
  expect(wrong.error?.issues.map(({ message }) => message).join()).toMatch(/names the role nobody/)
})

test('what writes settings never begins beside the judgment of its plan', () => {
  const site = siteWith({})
  const drafts = [kv.plan({}), judgment({ show: 'kv.plan' }), kv.apply({ plan: 'kv.plan', after: ['kv.plan'] })]
  expect(() => planStages(drafts, stageKinds, { site, ...targetOf(site, 'kv:app') })).toThrow(
    /does not come after judgment/,
  )
})
