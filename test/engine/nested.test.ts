import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Actor } from '../../src/core/actor.ts'
import { command, createCatalog, z } from '../../src/core/command.ts'
import type { Execution } from '../../src/core/execution.ts'
import { isOver } from '../../src/core/execution.ts'
import { parallel } from '../../src/core/planning/order.ts'
import { siteSchema } from '../../src/core/site.ts'
import type { Outcome } from '../../src/core/workflow.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { createCrew } from '../../src/engine/crew.ts'
import { cancel, moveWait } from '../../src/engine/deeds.ts'
import { judge } from '../../src/engine/judge.ts'
import { idOfChild } from '../../src/engine/nested.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { createPerform } from '../../src/engine/perform.ts'
import { retry } from '../../src/engine/retry.ts'
import { UserError } from '../../src/errors.ts'
import { judgment, script, stageKinds, terraform, wait, workflow } from '../../src/stages/index.ts'
import { written } from '../core/sample-site.ts'
import { alice, bob, carol, person, planned, worker } from '../core/world.ts'
import { effectsOf, silent, useRedis } from './redis.ts'

const here = useRedis()
const eve = person('U04EVE')
const site = siteSchema.parse({
  ...written,
  roles: {
    engineers: { members: ['U01ALICE', 'U02BOB'], may: [{ commands: ['*'] }] },
    approvers: { members: ['U02BOB', 'U03CAROL'], may: [{ commands: ['whole', 'runs cancel'] }] },
    watchers: { members: ['U04EVE'], may: [{ commands: ['far', 'alone', 'patient'] }] },
  },
  environments: {
    ...written.environments,
    other: { ...written.environments.loadtest, backend: { type: 'consul', config: { path: 'x' } } },
  },
  scripts: { note: { argv: ['true'], takes: { X: '.*' } } },
})
const args = z.object({ size: z.enum(['small', 'large']) })
const allow = ['engineers', 'approvers', 'watchers'] as [string, ...string[]]
const up = () => [
  terraform.plan({ size: 'small' }),
  judgment({ show: 'terraform.plan' }),
  terraform.apply({ plan: 'terraform.plan' }),
]
const nest = (name: string, more = {}) => workflow({ command: name, args: { size: 'small' }, ...more })
const at = (environment: string, stages: Parameters<typeof command>[0]['stages'], withArgs = false) =>
  command({ summary: 'x', examples: [], allow, environment, ...(withArgs ? { args } : {}), stages } as never)
const commands = [
  { name: 'up', command: at('loadtest', up, true) },
  { name: 'far up', command: at('other', up, true) },
  // In the same environment, with something before and after.
  {
    name: 'whole',
    command: at('loadtest', () => [
      script({ name: 'note' }),
      nest('up', { outputs: { commit: 'terraform.plan.commit' } }),
      script({ id: 'after', name: 'note' }),
    ]),
  },
  // In another environment, beside another branch.
  { name: 'far', command: at('loadtest', () => [...parallel([nest('far up'), script({ name: 'note' })])]) },
  {
    name: 'twice',
    command: at('loadtest', () => [...parallel([nest('up', { id: 'one' }), nest('up', { id: 'two' })])]),
  },
  { name: 'limited', command: at('loadtest', () => [nest('far up', { timeLimit: '30m' })]) },
  { name: 'circle', command: at('loadtest', () => [workflow({ command: 'circle' })]) },
  { name: 'wrong', command: at('loadtest', () => [workflow({ command: 'up', args: { size: 'huge' } })]) },
  {
    name: 'missing',
    command: at('loadtest', () => [nest('up'), script({ name: 'note', with: { X: { ref: 'workflow.nothing' } } })]),
  },
  { name: 'bare', command: at('loadtest', () => [workflow({ command: 'up' })]) },
  { name: 'hollow', command: at('loadtest', () => [nest('up', { outputs: { x: 'terraform.plan.colour' } })]) },
  {
    name: 'unjudged',
    command: at('loadtest', () => [terraform.plan({ size: 'small' }), terraform.apply({ plan: 'terraform.plan' })]),
  },
  {
    name: 'broken',
    command: at('loadtest', () => {
      throw new TypeError('size.toUpperCase is not a function')
    }),
  },
  { name: 'patient', command: at('loadtest', () => [wait({ for: '1h' }), script({ name: 'note' })]) },
  {
    name: 'closed',
    command: at('loadtest', () => [wait({ for: '1h', skip: ['engineers'] }), script({ name: 'note' })]),
  },
]

function parts(): CrewParts {
  const audit = createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: [] })
  return {
    ...{ store: here.store, site, kinds: stageKinds, now: here.now, audit, kick: () => {} },
    catalog: createCatalog(commands, site),
    groups: async () => new Map(),
    artifacts: createArtifacts(here.redis, here.keys, '0'.repeat(64)),
    consul: { address: '127.0.0.1:1' },
  }
}

async function ask(line: string, actor: Actor = alice): Promise<Execution> {
  const caller = { actor, origin: { channel: 'C01OPS', via: 'slack' } as const, request: randomUUID() }
  const reply = await createCrew(parts()).ask(line, caller)
  if (reply.kind !== 'started') throw new Error('Nothing was started.')
  await sweep()
  return now(reply.execution.id)
}

/** Does what is due, as bots and workers do, until nothing more is. */
async function sweep(): Promise<void> {
  const perform = createPerform({
    ...here,
    site,
    kinds: stageKinds,
    hints: { add: async () => {}, close: async () => {} },
  })
  for (let again = true; again; ) {
    again = false
    const ids = await here.redis.zrangebyscore(here.keys.due, '-inf', here.clock.now)
    for (const id of ids) {
      const text = await here.redis.hget(here.keys.effects, id)
      const effect = text && JSON.parse(text)
      if (!effect || effect.do === 'run') continue
      await perform(effect, 1)
      await here.redis.multi().zrem(here.keys.due, id).hdel(here.keys.effects, id).exec()
      again = true
    }
  }
}

async function now(id: string): Promise<Execution> {
  const found = await here.store.execution(id)
  if (!found) throw new Error(`There is no ${id}`)
  return found
}
const stageOf = (run: Execution, id: string) => {
  const found = run.stages.find((each) => each.id === id)
  if (!found) throw new Error(`There is no ${id}`)
  return found
}
const states = (run: Execution) => run.stages.map(({ state }) => state).join(' ')
const childOf = async (run: Execution, stage = 'workflow') => now(idOfChild(run, stageOf(run, stage)))

async function starts(run: Execution, stage: string): Promise<void> {
  await here.store.tell(run.id, { type: 'stage.started', stage, attempt: 1, worker })
}
async function runs(run: Execution, stage: string, outcome: Outcome): Promise<Execution> {
  await starts(run, stage)
  await here.store.tell(run.id, { type: 'stage.ended', stage, attempt: 1, outcome })
  await sweep()
  return now(run.id)
}
const well: Outcome = { kind: 'succeeded', output: {} }
const judgedBy = (run: Execution, actor: Actor) =>
  judge(parts(), { execution: run.id, stage: 'judgment', attempt: 1, decision: 'approved' }, actor, randomUUID())
const canceledBy = async (run: Execution, actor: Actor) => {
  await cancel(parts(), run.id, { actor, roles: ['approvers'], channel: null }, { request: randomUUID() })
  await sweep()
}

test('a workflow in its own environment goes on under the lock of its parent, whose stage ends as it does', async () => {
  const begun = await ask('whole')
  const parent = await runs(begun, 'script', well)
  const child = await childOf(parent)
  expect(child).toMatchObject({
    line: 'up small',
    command: 'up',
    lock: 'held',
    parent: { execution: parent.id, stage: 'workflow' },
    actor: alice,
  })
  expect((await here.store.environment('loadtest')).lock).toMatchObject({
    execution: child.id,
    lender: { execution: parent.id },
  })
  await runs(child, 'terraform.plan', planned({ commit: 'abc' }))
  await judgedBy(child, carol)
  const over = await runs(child, 'terraform.apply', { kind: 'succeeded', output: { lineage: 'L1' } })
  expect(over).toMatchObject({ status: 'succeeded', lock: 'released' })
  const environment = await here.store.environment('loadtest')
  expect(environment.lock).toMatchObject({ execution: parent.id })
  expect(environment.last).toMatchObject({ execution: child.id, up: true })
  const after = await now(parent.id)
  expect(states(after)).toBe('succeeded succeeded ready')
  expect(stageOf(after, 'workflow').outcome).toEqual({
    kind: 'succeeded',
    output: { execution: child.id, status: 'succeeded', commit: 'abc' },
  })
  expect(await runs(after, 'after', well)).toMatchObject({ status: 'succeeded', lock: 'released' })
  expect((await here.store.environment('loadtest')).lock).toBeNull()
})

test('whoever asked for the parent cannot approve its child', async () => {
  const parent = await runs(await ask('whole', bob), 'script', well)
  const child = await childOf(parent)
  await runs(child, 'terraform.plan', planned())
  await expect(judgedBy(await now(child.id), bob)).rejects.toThrow(/asked for this, so somebody else has to judge it/)
  await judgedBy(await now(child.id), carol)
  expect(stageOf(await now(child.id), 'judgment').state).toBe('succeeded')
})

test('a child is canceled with its parent: what runs in it is interrupted, and only then both are over', async () => {
  const parent = await ask('far')
  const child = await childOf(parent)
  await starts(child, 'terraform.plan')
  await starts(parent, 'script')
  await canceledBy(parent, alice)
  expect((await now(child.id)).cancel).toMatchObject({ by: alice, why: `\`${parent.id}\` was canceled`, force: false })
  await here.store.tell(parent.id, {
    type: 'stage.ended',
    stage: 'script',
    attempt: 1,
    outcome: { kind: 'canceled', why: 'x' },
  })
  expect((await now(parent.id)).endedAt).toBeNull()
  await here.store.tell(child.id, {
    type: 'stage.ended',
    stage: 'terraform.plan',
    attempt: 1,
    outcome: { kind: 'canceled', why: 'interrupted' },
  })
  await sweep()
  expect(await now(child.id)).toMatchObject({ status: 'canceled', lock: 'released' })
  expect(await now(parent.id)).toMatchObject({ status: 'canceled', lock: 'released' })
  for (const name of ['loadtest', 'other']) expect((await here.store.environment(name)).lock).toBeNull()
})

test('a child that was never begun when its parent is canceled never is', async () => {
  const caller = { actor: alice, origin: { channel: 'C01OPS', via: 'slack' } as const, request: randomUUID() }
  const reply = await createCrew(parts()).ask('far', caller)
  if (reply.kind !== 'started') throw new Error('Nothing was started.')
  await canceledBy(reply.execution, alice)
  const parent = await now(reply.execution.id)
  expect(parent.status).toBe('canceled')
  expect(await here.store.execution(idOfChild(parent, stageOf(parent, 'workflow')))).toBeNull()
})

test('a child that is canceled by itself cancels its parent; one that fails fails its stage', async () => {
  const one = await ask('far')
  await starts(one, 'script')
  await canceledBy(await childOf(one), alice)
  expect(stageOf(await now(one.id), 'workflow').outcome).toMatchObject({
    kind: 'canceled',
    why: expect.stringMatching(/`far up small` .* was canceled/),
  })
  await here.store.tell(one.id, { type: 'stage.ended', stage: 'script', attempt: 1, outcome: well })
  expect((await now(one.id)).status).toBe('canceled')
  const two = await ask('far')
  await runs(two, 'script', well)
  await runs(await childOf(two), 'terraform.plan', { kind: 'failed', error: 'no plan' })
  expect(await now(two.id)).toMatchObject({ status: 'failed' })
  expect(stageOf(await now(two.id), 'workflow').outcome).toMatchObject({
    error: expect.stringMatching(/far up small.* failed. `terraform.plan`: no plan/),
  })
})

test('a branch that fails stops the child beside it', async () => {
  const parent = await ask('far')
  const child = await childOf(parent)
  await runs(parent, 'script', { kind: 'failed', error: 'no' })
  expect(await now(child.id)).toMatchObject({
    status: 'canceled',
    cancel: { by: { kind: 'parent', execution: parent.id } },
  })
  expect((await now(parent.id)).status).toBe('failed')
  expect(stageOf(await now(parent.id), 'workflow')).toMatchObject({
    state: 'canceled',
    outcome: { why: expect.stringMatching(/`script` failed/) },
  })
})

test('a child that takes too long is canceled, and its stage has failed', async () => {
  const parent = await ask('limited')
  here.clock.now += 30 * 60_000
  await sweep()
  expect((await childOf(parent)).status).toBe('canceled')
  expect(stageOf(await now(parent.id), 'workflow').outcome).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/^It took longer than 30m/),
  })
})

test('a child at unknown keeps its parent; left as it is, its parent asks people too', async () => {
  const parent = await runs(await ask('whole'), 'script', well)
  const child = await childOf(parent)
  await runs(child, 'terraform.plan', planned())
  await judgedBy(await now(child.id), carol)
  await starts(child, 'terraform.apply')
  await here.store.tell(child.id, {
    type: 'stage.lost',
    stage: 'terraform.apply',
    attempt: 1,
    why: 'gone',
    repeatable: false,
  })
  expect((await now(child.id)).status).toBe('unknown')
  expect(await now(parent.id)).toMatchObject({ status: 'running', endedAt: null })
  await here.store.tell(child.id, { type: 'left', by: carol })
  await sweep()
  expect(await now(parent.id)).toMatchObject({ status: 'unknown', lock: 'held', endedAt: null })
  expect((await here.store.environment('loadtest')).lock?.execution).toBe(parent.id)
  await here.store.tell(parent.id, { type: 'left', by: carol })
  expect((await here.store.environment('loadtest')).lock).toBeNull()
})

test('a child at unknown when its parent is canceled is canceled once it is clear how it stands', async () => {
  const parent = await runs(await ask('whole'), 'script', well)
  const child = await childOf(parent)
  await runs(child, 'terraform.plan', planned())
  await judgedBy(await now(child.id), carol)
  await starts(child, 'terraform.apply')
  const apply = { stage: 'terraform.apply', attempt: 1 } as const
  await here.store.tell(child.id, { type: 'stage.lost', ...apply, why: 'gone', repeatable: false })
  await canceledBy(parent, alice)
  expect(await now(child.id)).toMatchObject({ status: 'unknown', cancel: null })
  await here.store.tell(child.id, { type: 'stage.adopted', ...apply, worker })
  await sweep()
  expect((await now(child.id)).cancel).toMatchObject({ by: alice })
  await here.store.tell(child.id, { type: 'stage.ended', ...apply, outcome: { kind: 'canceled', why: 'interrupted' } })
  await sweep()
  expect([(await now(child.id)).status, (await now(parent.id)).status]).toEqual(['canceled', 'canceled'])
  expect((await here.store.environment('loadtest')).lock).toBeNull()
})

test('two in the environment of their parent take turns', async () => {
  const parent = await ask('twice')
  const both = [await childOf(parent, 'one'), await childOf(parent, 'two')]
  // Whoever was begun first.
  const [first, second] = [both.find(({ lock }) => lock === 'held'), both.find(({ lock }) => lock === 'queued')]
  if (!first || !second) throw new Error('One holds the lock and the other waits')
  await runs(first, 'terraform.plan', planned({ needsApply: false }))
  expect(isOver(await now(first.id))).toBe(true)
  expect((await now(second.id)).lock).toBe('held')
  await runs(second, 'terraform.plan', planned({ needsApply: false }))
  expect(await now(parent.id)).toMatchObject({ status: 'succeeded', lock: 'released' })
  expect((await here.store.environment('loadtest')).lock).toBeNull()
})

test('a child is begun once, whoever begins it and how often', async () => {
  const parent = await ask('far')
  const perform = createPerform({
    ...here,
    site,
    kinds: stageKinds,
    hints: { add: async () => {}, close: async () => {} },
  })
  const effect = { do: 'child', execution: parent.id, stage: 'workflow', attempt: 1, at: 0 } as const
  await Promise.all([perform(effect, 1), perform(effect, 2), perform(effect, 3)])
  const all = await here.store.list({ limit: 10 })
  expect(all.filter(({ command: name }) => name === 'far up')).toHaveLength(1)
  expect((await effectsOf(here)).filter((each) => each.do === 'child')).toEqual([])
})

test('whoever may not run what is nested may not ask for what nests it', async () => {
  await expect(ask('far', eve)).rejects.toThrow(/You may not run `far up` on other/)
  expect(await here.store.list({ limit: 10 })).toEqual([])
})

test('nor may he retry it, while whoever may run both does', async () => {
  const one = await ask('far')
  await runs(one, 'script', well)
  await runs(await childOf(one), 'terraform.plan', { kind: 'failed', error: 'no plan' })
  const failed = await now(one.id)
  const again = (actor: Actor, roles: string[]) =>
    retry(parts(), failed, { actor, roles, channel: null, request: randomUUID() }, true)
  await expect(again(eve, ['watchers'])).rejects.toThrow(/You may not run `far up` on other/)
  expect(await again(bob, ['engineers'])).toMatch(/runs again from `workflow`/)
})

test.each([
  ['circle', /nested in itself or too deep: circle > circle/],
  ['wrong', /^It cannot be nested: `up` cannot run with these values\.\nsize: /],
  ['bare', /^It cannot be nested: `up` cannot run with these values/],
  ['hollow', /^`hollow` cannot be planned, its command file is wrong: Stage workflow .*`colour`, which terraform.plan/],
  ['unjudged', /would apply terraform.plan, which nobody judges: .*`judgment\(/],
  ['broken', /^`broken` cannot be planned, its command file is wrong: size.toUpperCase is not a function/],
  ['missing', /`nothing`, which workflow does not give \(it gives execution, status\)/],
])('%s is refused when it is planned', async (line, said) => {
  const refused = ask(line)
  await expect(refused).rejects.toThrow(said)
  await expect(refused).rejects.toBeInstanceOf(UserError)
  expect(await here.store.list({ limit: 10 })).toEqual([])
})

test('a wait is skipped by who may: approvers and who may cancel, or the roles that it names', async () => {
  const skip = async (run: Execution, actor: Actor, roles: string[]) =>
    moveWait(
      parts(),
      { execution: run.id, stage: 'wait', attempt: 1, to: 'now' },
      { actor, roles, channel: null },
      randomUUID(),
    )
  const patient = await ask('patient')
  await expect(skip(patient, eve, ['watchers'])).rejects.toThrow(/You may not run `runs cancel`/)
  expect(stageOf(await skip(patient, carol, ['approvers']), 'wait').outcome).toMatchObject({
    output: { endedBy: '@U03CAROL' },
  })
  expect((await now(patient.id)).notes.at(-1)?.text).toBe('@U03CAROL skipped the wait')
  await canceledBy(patient, alice)
  const closed = await ask('closed')
  await expect(skip(closed, carol, ['approvers'])).rejects.toThrow(
    /Only `engineers` may skip this wait. You have `approvers`/,
  )
  expect(stageOf(await skip(closed, bob, ['engineers']), 'wait').state).toBe('succeeded')
})
