import { describe, expect, test } from 'vitest'
import type { Actor } from '../../src/core/actor.ts'
import type { Fields } from '../../src/core/workflow.ts'
import { createPerform } from '../../src/engine/perform.ts'
import { site } from '../core/sample-site.ts'
import { alice, bob, carol, HOUR, judgmentStage, PLAN, person, stage, wanted } from '../core/world.ts'
import { executionOf, kinds, runnerOf, workerOf } from './kinds.ts'
import { effectsOf, useRedis } from './redis.ts'

const here = useRedis()
const dora = person('U05DORA')
const choices = ['10 %', 'all'].map((value) => ({ value, label: value }))
const only = (id: string, is: string) =>
  stage(id, 'script', { script: 'true', conditions: [{ ref: 'judgment.choice', is }] }, ['judgment'])

/** As far as the judgment: an execution that the store holds, whose plan is made. */
async function asked(more: Fields = {}) {
  const stages = [
    stage(PLAN, 'plan', { script: 'true' }),
    judgmentStage(more),
    only('tenth', '10 %'),
    only('all', 'all'),
    stage('last', 'script', { script: 'true' }, ['tenth', 'all']),
  ]
  await here.store.request(wanted({ stages }), 'r1')
  await runAll()
}

async function runAll(): Promise<void> {
  const worker = runnerOf(here, workerOf('w1'))
  for (;;) {
    const ready = (await executionOf(here)).stages.filter(({ state }) => state === 'ready')
    if (ready.length === 0) return
    await Promise.all(ready.map(({ id, attempt }) => worker.start({ execution: 'r1', stage: id, attempt })))
  }
}

const approval = (by: Actor, more: object = {}) => ({
  type: 'judged' as const,
  judgment: {
    ...{ stage: 'judgment', decision: 'approved' as const, by, at: here.clock.now, digest: '' },
    ...more,
  },
})
const states = async () => (await executionOf(here)).stages.map(({ state }) => state).join(' ')
const tell = (event: Parameters<typeof here.store.tell>[1], request?: string) => here.store.tell('r1', event, request)

/** What a bot or worker does once it is so late. */
async function later(ms: number) {
  here.clock.now += ms
  const perform = createPerform({ ...here, site, kinds, hints: { add: async () => {}, close: async () => {} } })
  const due = (await effectsOf(here)).filter((effect) => effect.do === 'tell' && effect.at <= here.clock.now)
  for (const effect of due) await perform(effect, 1)
}

describe('two of three, at once, in Redis', () => {
  test('both count, a third comes too late, and the branch that was not chosen is left out', async () => {
    await asked({ count: 2, choices })
    const done = await Promise.all(
      [bob, carol, dora].map((by) => tell(approval(by, { choice: 'all' }), `click:${by.kind === 'slack' && by.user}`)),
    )
    expect(done.filter(({ changed }) => changed)).toHaveLength(2)
    expect(done.find(({ changed }) => !changed)?.refused).toMatch(/^Already decided\. Approved \(`all`\) by/)
    expect(await states()).toBe('succeeded succeeded skipped ready pending')
    expect((await executionOf(here)).judgments).toHaveLength(2)
  })

  test('the same person twice at once counts once', async () => {
    await asked({ count: 2, choices })
    const twice = await Promise.all([1, 2].map((at) => tell(approval(bob, { choice: 'all' }), `click:${at}`)))
    expect(twice.filter(({ changed }) => changed)).toHaveLength(1)
    expect(await states()).toBe('succeeded waiting pending pending pending')
  })
})

test('an approval that is there with a withdrawal at once: one of the two happens, and not both', async () => {
  await asked()
  await Promise.all([tell(approval(bob)), tell({ type: 'withdrawn', by: alice })])
  const { ending, judgments, status } = await executionOf(here)
  expect([ending === 'withdrawn', judgments.length === 1 && status !== 'canceled']).toContain(true)
  expect(ending === 'withdrawn' && judgments.length > 0).toBe(false)
})

test('reminders are records with a due time, which come until it expires', async () => {
  await asked({ count: 2, remind: '25m' })
  await tell(approval(bob))
  const shown = async () =>
    (await here.redis.zrange(here.keys.outbox, '0', '-1')).filter((name) => /^reminder:/.test(name))
  expect(await shown()).toHaveLength(0)
  await later(25 * 60_000)
  expect(await shown()).toHaveLength(1)
  await later(25 * 60_000)
  expect(await shown()).toHaveLength(2)
  await later(HOUR)
  expect(await shown()).toHaveLength(2)
  expect(await executionOf(here)).toMatchObject({ status: 'failed', ending: 'expired', lock: 'released' })
})
