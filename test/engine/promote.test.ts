import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { loadCommands } from '../../src/commands.ts'
import type { Person } from '../../src/core/actor.ts'
import { createCatalog } from '../../src/core/command.ts'
import type { Effect } from '../../src/core/event.ts'
import type { Execution } from '../../src/core/execution.ts'
import { isOver } from '../../src/core/execution.ts'
import type { Site } from '../../src/core/site.ts'
import { siteSchema } from '../../src/core/site.ts'
import type { Outcome } from '../../src/core/workflow.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { createCrew } from '../../src/engine/crew.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { beginNextStep, idOfStep } from '../../src/engine/promote.ts'
import { retry } from '../../src/engine/retry.ts'
import { createStepReport, reportOf } from '../../src/engine/step-report.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { written } from '../core/sample-site.ts'
import { silent } from './quiet.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const commands = await loadCommands(['commands'])
const alice: Person = { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' }
const bob: Person = { kind: 'slack', team: 'T01TEAM', user: 'U02BOB' }
const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const TREE = 'f'.repeat(64)

const at = (path: string, stack: unknown) => ({
  stack,
  backend: { type: 'consul', config: { path } },
  approvers: ['approvers'],
})
const git = (path: string) => ({ git: 'https://git.example.com/infra.git', ref: 'main', path })
const through = (prefix: string) => ({
  scratch: { env: `${prefix}1`, approve: false },
  sandbox: { env: `${prefix}2`, approve: false },
  production: `${prefix}3`,
})
const wish = {
  ...written,
  roles: {
    engineers: { members: ['U01ALICE'], may: [{ commands: ['promote', 'runs *'] }] },
    approvers: { members: ['U02BOB'], may: [{ commands: ['promote'], environments: ['g1', 'g2'] }] },
  },
  environments: {
    ...Object.fromEntries([1, 2, 3].map((n) => [`g${n}`, at(`g${n}`, git(`stack-${n}`))])),
    ...Object.fromEntries([1, 2, 3].map((n) => [`f${n}`, at(`f${n}`, 'stacks/one')])),
  },
  promotions: {
    web: { ...through('g'), report_url: 'http://127.0.0.1:1/', report_secret: 'REPORT' },
    folder: through('f'),
  },
}
const site: Site = siteSchema.parse(wish)

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

async function asked(line: string, actor = alice): Promise<Execution> {
  const caller = { actor, origin: { channel: 'C01OPS', via: 'slack' } as const, request: randomUUID() }
  const reply = await createCrew(parts()).ask(line, caller)
  if (reply.kind !== 'started') throw new Error('Nothing was started.')
  return reply.execution
}

const worker = { id: 'w1', machine: 'm1', host: 'host' }
const plan = { commit: COMMIT, tree: TREE, digest: 'd', headline: 'one', needsApply: true }

/** Lets every stage end as if a worker had run it; `failing` is the one that does not end well. */
async function toTheEnd({ id }: Pick<Execution, 'id'>, failing = ''): Promise<Execution> {
  for (let rounds = 0; rounds < 30; rounds++) {
    const run = await here.store.execution(id)
    const stage = run?.stages.find(({ state }) => state === 'ready')
    if (!run || isOver(run) || !stage) break
    const start = { stage: stage.id, attempt: stage.attempt }
    const outcome: Outcome =
      stage.id === failing
        ? { kind: 'failed', error: 'no' }
        : { kind: 'succeeded', output: stage.kind === 'terraform.plan' ? plan : {} }
    await here.store.tell(id, { type: 'stage.started', ...start, worker })
    await here.store.tell(id, { type: 'stage.ended', ...start, outcome })
  }
  const run = await here.store.execution(id)
  if (!run) throw new Error(`There is no ${id}.`)
  return run
}

async function waiting(kind: Effect['do']): Promise<Effect[]> {
  const all = Object.values(await here.redis.hgetall(here.keys.effects)).map((text) => JSON.parse(text) as Effect)
  return all.filter((effect) => effect.do === kind)
}

const step = async (first: string, number: number) => here.store.execution(idOfStep({ first, step: number }))

test('the commit that ends the first step says that the second is to be begun, and it is begun once', async () => {
  const first = await toTheEnd(await asked('promote web --ref main'))
  expect(first).toMatchObject({ status: 'succeeded', environment: 'g1' })
  expect(await waiting('promote')).toEqual([{ do: 'promote', execution: first.id, at: here.now() }])
  expect(await waiting('report')).toHaveLength(1)
  expect(await here.redis.zcard(here.keys.dueForBots)).toBe(1)
  await Promise.all([1, 2, 3].map(() => beginNextStep(here, first.id)))
  await beginNextStep(here, first.id)
  expect(await here.store.list({ limit: 9 })).toHaveLength(2)
  const second = await step(first.id, 2)
  expect(second).toMatchObject({
    environment: 'g2',
    actor: alice,
    askers: first.askers,
    lock: 'held',
    promotion: { step: 2, before: [first.id], commit: COMMIT },
  })
  expect(second?.stages.map(({ kind, input }) => [kind, input.ref])).toEqual([
    ['terraform.plan', COMMIT],
    ['terraform.apply', undefined],
  ])
  await toTheEnd({ id: second?.id ?? '' })
  await beginNextStep(here, second?.id ?? '')
  const third = await step(first.id, 3)
  expect(third?.stages.map(({ kind }) => kind)).toEqual(['terraform.plan', 'judgment', 'terraform.apply'])
  expect(third?.stages[0]?.input.ref).toBe(COMMIT)
  expect(third?.promotion).toMatchObject({ step: 3, before: [first.id, second?.id], rest: [] })
})

test('what is destroyed in scratch is planned at the commit that was applied there', async () => {
  const { stages } = await asked('promote web')
  expect(stages.find(({ id }) => id === 'destroy.plan')?.input.ref).toEqual({ ref: 'terraform.plan.commit' })
})

test('a folder is held to the content that the first step had', async () => {
  const first = await toTheEnd(await asked('promote folder'))
  await beginNextStep(here, first.id)
  expect((await step(first.id, 2))?.stages[0]?.input).toMatchObject({ tree: TREE })
})

test('a step that did not end well begins nothing, and is reported', async () => {
  const first = await toTheEnd(await asked('promote web'), 'terraform.apply')
  expect(first.status).toBe('failed')
  expect(first.stages.find(({ id }) => id === 'clean.apply')?.state).toBe('succeeded')
  expect(await waiting('promote')).toEqual([])
  expect(await waiting('report')).toHaveLength(1)
  await beginNextStep(here, first.id)
  expect(await here.store.list({ limit: 9 })).toHaveLength(1)
})

test('a retry goes on from where it stopped, held to the same commit', async () => {
  const first = await toTheEnd(await asked('promote web'))
  await beginNextStep(here, first.id)
  const second = await toTheEnd({ id: idOfStep({ first: first.id, step: 2 }) }, 'terraform.apply')
  expect(second.status).toBe('failed')
  const request = { actor: alice, roles: ['engineers'], channel: 'C01OPS', request: randomUUID() }
  await retry(parts(), second, request, true)
  const [again] = (await here.store.list({ limit: 9 })).filter(({ id }) => id !== first.id && id !== second.id)
  expect(again?.stages[0]?.input.ref).toBe(COMMIT)
  await toTheEnd({ id: again?.id ?? '' })
  await beginNextStep(here, again?.id ?? '')
  expect((await step(first.id, 3))?.stages[0]?.input.ref).toBe(COMMIT)
})

test('whoever may not promote to the last environment begins nothing in the first', async () => {
  await expect(asked('promote web', bob)).rejects.toThrow(/may not run `promote`/)
  expect(await here.store.list({ limit: 9 })).toEqual([])
})

test('an address that does not answer is tried some minutes, then given up and recorded', async () => {
  const first = await toTheEnd(await asked('promote web'))
  const report = createStepReport({ ...parts(), log: silent, secret: () => 'a secret of the reports' })
  const effect = { do: 'report', execution: first.id, at: here.now() } as const
  expect(await report(effect, 1)).toEqual({ againIn: 5_000 })
  expect(await report(effect, 8)).toEqual({ againIn: 640_000 })
  expect(await report(effect, 9)).toBe('done')
  const { audit } = parts()
  await audit.flush()
  const [last] = await audit.find({ execution: first.id, limit: 1 })
  expect(last?.entry).toMatchObject({ what: 'report', why: expect.stringMatching(/not reported to 127\.0\.0\.1:1/) })
})

test('what is reported says where it stands and holds no value of a plan', async () => {
  const first = await toTheEnd(await asked('promote web --ref main'))
  expect(reportOf(first)).toEqual({
    ...{ id: `${first.id}:over`, promotion: 'web', started: first.id, execution: first.id },
    ...{ step: 1, steps: 3, environment: 'g1', status: 'succeeded', outcome: 'succeeded', last: false },
    ...{ commit: COMMIT, version: null, ended: new Date(here.now()).toISOString() },
  })
})

test.each([
  [{ production: 'g2' }, /three different environments/],
  [{ production: 'nowhere' }, /nowhere, which is not under environments/],
  [{ production: { env: 'g3', approve: false } }, /./],
  [{ production: 'f3' }, /stacks from different places/],
  [{ report_url: 'https://ci.example.com/', report_secret: undefined }, /together/],
  [{ report_url: 'http://ci.example.com/', report_secret: 'CI' }, /https/],
  [{ report_url: 'https://ann:word@ci.example.com/', report_secret: 'CI' }, /password/],
])('a site with %o is refused', (change, reason) => {
  const checked = siteSchema.safeParse({ ...wish, promotions: { web: { ...wish.promotions.web, ...change } } })
  expect(checked.success).toBe(false)
  expect(String(checked.error)).toMatch(reason)
})
