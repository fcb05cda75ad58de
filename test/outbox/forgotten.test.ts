import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { extendLifetime, warnOfEnd } from '../../src/engine/lifetimes.ts'
import { createRetention } from '../../src/engine/retention.ts'
import { site } from '../core/sample-site.ts'
import { bob, wanted } from '../core/world.ts'
import { A_DAY_MS, mentions } from '../engine/old.ts'
import { silent } from '../engine/quiet.ts'
import { count, jobOf } from './jobs.ts'
import { type Rig, startRig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterEach(() => rig.clear())
afterAll(() => rig.stop())

test('nothing that a poster keeps of a message outlives its execution: main message, files, reply, warnings', async () => {
  const bot = rig.bot()
  const ids = ['k3f9x2bc', 'end-k3f9x2bd-x2']
  await shown('k3f9x2bc')
  await warned('k3f9x2bc')
  await shown('end-k3f9x2bd-x2')
  expect(await count(rig, ['k3f9x2bc'])).toMatchObject({ lost: 0, doubled: 0 })
  await bot.stop()
  for (const id of ids) await leave(id)
  for (let number = 0; number < 100; number++) {
    await rig.store.request(wanted({ id: `newer${number}`, environment: null, stages: [] }), `n${number}`)
  }
  // What is still to be done about them is done for nothing: see test/engine/retention.test.ts.
  await rig.redis.del(rig.keys.effects)

  const later = () => Date.now() + 91 * A_DAY_MS
  const retention = createRetention({ ...rig, site, now: later, log: silent })
  expect(await retention.sweep()).toBe(2)
  await retention.stop()
  for (const id of ids) expect(await mentionsBeside(id)).toEqual([])
})

test('where a line of the audit stands in its channel is not remembered for ever', async () => {
  await rig.outbox.want('audit:7')
  for (const wish of await rig.outbox.claim(1)) {
    await rig.outbox.remember(wish, { channel: 'C00ROOM', ts: '1.0', digest: '' })
    await rig.outbox.settle(wish)
  }
  expect(await rig.redis.pttl(rig.keys.message('audit:7'))).toBeGreaterThan(A_DAY_MS)
})

test('what is wanted of a forgotten one is let go', async () => {
  rig.bot()
  for (const name of ['execution:gone', 'closing:gone:over', 'file:gone:plan.txt:1', 'warning:gone-x1']) {
    await rig.outbox.want(name)
  }
  await rig.settled()
  expect(rig.proxy.calls).toEqual([])
})

async function shown(id: string): Promise<void> {
  const job = jobOf(rig, id)
  for (const step of [job.ask, job.plan, job.approve, job.apply]) await step()
  await job.finish()
  await rig.settled()
}

/** A warning, more time, and a second warning. */
async function warned(id: string): Promise<void> {
  const job = jobOf(rig, id)
  await job.warn()
  await rig.settled()
  const settings = site.environments.loadtest
  if (!settings) throw new Error('The sample site has no loadtest.')
  const own = { ...site, environments: { [`env-${id}`]: settings } }
  const engine = { ...rig, site: own, kinds: new Map(), now: Date.now }
  await extendLifetime(engine, `env-${id}`, bob)
  await warnOfEnd(engine, `env-${id}`, `${id}-x1`)
  await rig.settled()
  expect(await rig.outbox.posted(`warning:${id}-x1`)).not.toBeNull()
}

/** Another apply takes its place in the environment. */
async function leave(id: string): Promise<void> {
  const none = { last: null, lifetime: null }
  await rig.store.alter(`env-${id}`, (environment) => ({ environment: { ...environment, ...none }, effects: [] }))
}

/** Not its environment, which bears its name here, nor what the audit has to record. */
async function mentionsBeside(id: string): Promise<string[]> {
  const found = await mentions(rig, id)
  return found.filter((each) => !each.includes(`env-${id}`) && !each.startsWith(rig.keys.auditKept))
}
