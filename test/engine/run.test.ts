import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { siteSchema } from '../../src/core/site.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createStore } from '../../src/engine/store.ts'
import { claimVoid, look, startOnce } from '../../src/tools/run.ts'
import { site, written } from '../core/sample-site.ts'
import { alice, bob, judgmentBy, PLAN, planned, stage, upStages, wanted, worker } from '../core/world.ts'
import { executionOf, KEY, kinds, only, ready, runnerOf, stageNow, workerOf } from './kinds.ts'
import { until, useRedis } from './redis.ts'

const here = useRedis()
const w1 = workerOf('w1')
const runner = (change: Parameters<typeof runnerOf>[2] = {}) => runnerOf(here, w1, change)
const file = (name: string) => join(here.dir, name)
const linesOf = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trimEnd().split('\n') : [])
const runDir = (id = 'r1', attempt = 'one-1') => join(here.dir, 'm1', 'runs', id, attempt)
const cancel = { type: 'cancel', by: alice, why: '', force: false } as const

/** Says `up`, and ends well when it is let. */
const waits = (name: string) => `echo start >>${file(name)}; echo up; while [ ! -e ${file('go')} ]; do sleep 0.02; done`
const go = () => writeFileSync(file('go'), '')

describe('a hint', () => {
  test('starts the stage and stores how it ended', async () => {
    const hint = await ready(here, only('script', { script: 'echo one; echo two' }))
    await runner().start(hint)
    expect(await stageNow(here)).toMatchObject({
      state: 'succeeded',
      worker: w1,
      outcome: { kind: 'succeeded', output: { lines: ['one', 'two'], adopted: false } },
    })
    expect(await executionOf(here)).toMatchObject({ status: 'succeeded', lock: 'released' })
  })

  test('given twenty times to two workers of a machine and one of another starts it once', async () => {
    const hint = await ready(here, only('script', { script: `echo start >>${file('log')}` }))
    const workers = [runner(), runnerOf(here, workerOf('w2')), runnerOf(here, workerOf('w3', 'm2'))]
    await Promise.all(Array.from({ length: 21 }, (_, index) => workers[index % 3]?.start(hint)))
    expect(linesOf('log')).toEqual(['start'])
    expect((await stageNow(here)).state).toBe('succeeded')
  })

  test.each([
    ['an execution that is not there', { execution: 'r9', stage: 'one', attempt: 1 }],
    ['a stage that is not there', { execution: 'r1', stage: 'two', attempt: 1 }],
    ['an earlier attempt', { execution: 'r1', stage: 'one', attempt: 0 }],
    ['a later attempt', { execution: 'r1', stage: 'one', attempt: 2 }],
  ])('for %s does nothing', async (_what, hint) => {
    await ready(here, only('script', { script: `echo start >>${file('log')}` }))
    await runner().start(hint)
    expect(linesOf('log')).toEqual([])
    expect((await stageNow(here)).state).toBe('ready')
  })

  test('for a kind that this worker does not know leaves the stage to others', async () => {
    const hint = await ready(here, only('packer', {}))
    await expect(runner().start(hint)).rejects.toThrow(/kind that no worker runs: packer/)
    expect((await stageNow(here)).state).toBe('ready')
  })
})

describe('a stage is given', () => {
  test('what it may know, and no more', async () => {
    const settings = written.environments.loadtest
    const passing = siteSchema.parse({
      ...written,
      environments: { loadtest: { ...settings, pass: ['AWS_REGION', 'NOT_SET'], secrets: ['AWS_KEY'] } },
    })
    const variables = { PATH: '/bin', AWS_REGION: 'eu', AWS_KEY: 's3cret', REDIS_URL: 'redis://x' }
    const hint = await ready(here, only('look'))
    await runner({ site: passing, variables }).start(hint)
    expect((await stageNow(here)).outcome).toEqual({
      kind: 'succeeded',
      output: {
        execution: 'r1',
        line: 'loadtest up small',
        stage: 'one',
        attempt: 1,
        approved: [],
        adopted: false,
        environment: 'loadtest',
        passed: { AWS_REGION: 'eu', AWS_KEY: 's3cret' },
        secrets: ['s3cret'],
      },
    })
  })

  test('only the approvals that count', async () => {
    const stages = [...upStages.slice(0, 2), stage('one', 'look', { plan: PLAN }, ['judgment'])]
    await here.store.request(wanted({ stages }), 'k1')
    await here.store.tell('r1', { type: 'stage.started', stage: PLAN, attempt: 1, worker })
    await here.store.tell('r1', { type: 'stage.ended', stage: PLAN, attempt: 1, outcome: planned({ digest: 'd7' }) })
    const world = { execution: await executionOf(here), environment: null, now: here.clock.now }
    await here.store.tell('r1', { type: 'judged', judgment: judgmentBy(world, bob) })
    await runner().start({ execution: 'r1', stage: 'one', attempt: 1 })
    const { outcome } = (await executionOf(here)).stages[2] ?? {}
    expect(outcome).toMatchObject({ kind: 'succeeded', output: { approved: ['d7'] } })
  })

  test('an environment that this worker’s site does not have: it fails and says so', async () => {
    const hint = await ready(here, { ...only('script', { script: 'true' }), allow: ['everyone'] })
    await runner({ site: { ...site, environments: {} } }).start(hint)
    expect((await stageNow(here)).outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/no environment `loadtest`.*same site file/),
    })
  })
})

describe('before anything is started', () => {
  test('rights are looked at once more; who lost them does not get his stage', async () => {
    const hint = await ready(here, {
      ...only('script', { script: `echo start >>${file('log')}` }),
      args: { size: 'large' },
    })
    await runner().start(hint)
    expect((await stageNow(here)).outcome).toMatchObject({
      error: expect.stringMatching(/@U01ALICE may no longer run this/),
    })
    expect(linesOf('log')).toEqual([])
    expect(await executionOf(here)).toMatchObject({ status: 'failed', lock: 'released' })
  })

  test('what brings back runs although its asker lost his right, and its people are told', async () => {
    const { input } = stage('one', 'script', { script: `echo start >>${file('log')}` })
    const back = { ...stage('back', 'script', input, []), recovers: ['one'] }
    await ready(here, { stages: [stage('one', 'script', input), back], args: { size: 'large' } })
    await runner().start({ execution: 'r1', stage: 'one', attempt: 1 })
    await runner().start({ execution: 'r1', stage: 'back', attempt: 1 })
    expect(linesOf('log')).toEqual(['start'])
    const { stages, status, notes } = await executionOf(here)
    expect(stages.map(({ state }) => state)).toEqual(['failed', 'succeeded'])
    expect(status).toBe('failed')
    expect(notes.map(({ text }) => text)).toEqual([
      expect.stringMatching(/@U01ALICE may no longer run this.*brought back all the same/),
    ])
  })

  test('not knowing the groups means that nothing is started', async () => {
    const hint = await ready(here, only('script', { script: `echo start >>${file('log')}` }))
    await runner({ groups: () => Promise.reject(new Error('Redis is away')) }).start(hint)
    expect((await stageNow(here)).outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/Groundcrew itself/),
    })
    expect(linesOf('log')).toEqual([])
  })
})

describe('what goes wrong in a stage', () => {
  test.each([
    ['a message for people is shown as it is', 'trip', 'user', { kind: 'failed', error: 'Terraform 1.5 is too old.' }],
    [
      'also of what may not run twice, when it had not begun',
      'trip-once',
      'user',
      { kind: 'failed', error: 'Terraform 1.5 is too old.' },
    ],
    [
      'a fault of ours is told by its number',
      'trip',
      'fault',
      { kind: 'failed', error: expect.stringMatching(/error [0-9a-f]{8}, see the worker's log on builder-1/) },
    ],
    [
      'an output that is not there is such a fault',
      'trip',
      'missing',
      { kind: 'failed', error: expect.stringMatching(/Groundcrew itself/) },
    ],
    [
      'a fault before a program was started changed nothing',
      'trip-once',
      'fault',
      { kind: 'failed', error: expect.stringMatching(/Groundcrew itself/) },
    ],
    [
      'a fault after that is unknown',
      'trip-once',
      'begun',
      { kind: 'unknown', why: expect.stringMatching(/not known/), output: { vanished: true } },
    ],
    [
      'of what may run twice it is only a failure',
      'trip',
      'begun',
      { kind: 'failed', error: expect.stringMatching(/Groundcrew itself/) },
    ],
  ] as const)('%s', async (_what, kind, how, outcome) => {
    await runner().start(await ready(here, only(kind, { how })))
    expect((await stageNow(here)).outcome).toEqual(outcome)
  })

  test('a program that exits with an error is what the stage makes of it', async () => {
    await runner().start(await ready(here, only('script', { script: 'exit 7' })))
    expect((await stageNow(here)).outcome).toMatchObject({ kind: 'failed', error: 'exit 7' })
  })
})

describe('cancel', () => {
  test('is one interrupt, and the program ends by itself', async () => {
    const script = `trap 'echo interrupted >>${file('log')}; exit 3' INT; echo up; while :; do sleep 0.02; done`
    const heard: string[] = []
    const here1 = runner({ progress: (_execution, { text }) => heard.push(text) })
    const done = here1.start(await ready(here, only('script', { script })))
    await until(() => heard.includes('up'))
    await here.store.tell('r1', cancel)
    await here1.obey('r1')
    await here1.obeyAll()
    await done
    expect(linesOf('log')).toEqual(['interrupted'])
    expect((await stageNow(here)).outcome).toMatchObject({ kind: 'canceled', why: 'exit 3' })
    expect(await executionOf(here)).toMatchObject({ status: 'canceled', lock: 'released' })
  })

  test('by force kills what does not listen, and how that ended is unknown', async () => {
    const heard: string[] = []
    const here1 = runner({ progress: (_execution, { text }) => heard.push(text) })
    const done = here1.start(await ready(here, only('script', { script: `trap '' INT; ${waits('log')}` })))
    await until(() => heard.includes('up'))
    await here.store.tell('r1', cancel)
    await here1.obeyAll()
    await here.store.tell('r1', { ...cancel, force: true })
    await here1.obeyAll()
    await done
    expect(await executionOf(here)).toMatchObject({ status: 'unknown', lock: 'held' })
    expect(existsSync(runDir())).toBe(true)
  })

  test('of a stage that has begun nothing yet is no fault of ours', async () => {
    const here1 = runner()
    const done = here1.start(await ready(here, only('trip', { how: 'waits' })))
    await until(async () => (await stageNow(here)).state === 'running')
    await here.store.tell('r1', cancel)
    await until(async () => {
      await here1.obey('r1')
      return (await stageNow(here)).state !== 'running'
    })
    await done
    expect((await stageNow(here)).outcome).toMatchObject({ kind: 'canceled' })
  })

  test('of another execution is not heard here', async () => {
    const here1 = runner()
    const done = here1.start(await ready(here, only('script', { script: waits('log') })))
    await until(() => linesOf('log').length > 0)
    await here.store.request(wanted({ id: 'r11' }), 'r11')
    await here.store.tell('r11', cancel)
    await here1.obey('r11')
    await here1.obeyAll()
    go()
    await done
    expect((await executionOf(here)).status).toBe('succeeded')
  })
})

test('the end is stored, although Redis is away when it comes', async () => {
  const own = new Redis(here.url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, retryStrategy: () => null })
  own.on('error', () => {})
  await until(() => own.status === 'ready')
  const there = runner({ store: createStore(own, here.keys, here.now) })
  const done = there.start(await ready(here, only('script', { script: waits('log') })))
  await until(() => linesOf('log').length > 0)
  own.disconnect()
  go()
  await until(async () => (await look(join(runDir(), 'process'))).state === 'ended')
  expect((await stageNow(here)).state).toBe('running')
  await until(() => own.status === 'end')
  await own.connect()
  await done
  expect((await stageNow(here)).outcome).toMatchObject({ kind: 'succeeded', output: { lines: ['up'] } })
  own.disconnect()
})

describe('what a dead worker left is adopted', () => {
  const dead = workerOf('w0')

  /** As a worker leaves it that dies right after it started the program. */
  async function left(kind: string, script: string, change: object = {}) {
    await ready(here, { ...only(kind, { script }), ...change })
    await here.store.tell('r1', { type: 'stage.started', stage: 'one', attempt: 1, worker: dead })
  }
  const begun = async (script: string) => {
    await mkdir(runDir(), { recursive: true })
    const env = { PATH: process.env.PATH ?? '' }
    await startOnce(join(runDir(), 'process'), { argv: ['sh', '-c', script], cwd: runDir(), env })
  }
  const adopt = async (by = runner()) => by.adopt(await executionOf(here), await stageNow(here))

  test('a program that still runs is joined, not started again', async () => {
    await left('script', waits('log'))
    await begun(waits('log'))
    const done = adopt()
    await until(async () => (await stageNow(here)).worker?.id === 'w1')
    go()
    await done
    expect(linesOf('log')).toEqual(['start'])
    expect((await stageNow(here)).outcome).toMatchObject({
      kind: 'succeeded',
      output: { lines: ['up'], adopted: true },
    })
  })

  test('a program that ended meanwhile is read', async () => {
    await left('script', `echo start >>${file('log')}; echo done; exit 4`)
    await begun(`echo start >>${file('log')}; echo done; exit 4`)
    await until(async () => (await look(join(runDir(), 'process'))).state === 'ended')
    await adopt()
    expect(linesOf('log')).toEqual(['start'])
    expect((await stageNow(here)).outcome).toMatchObject({
      kind: 'failed',
      error: 'exit 4',
      output: { lines: ['done'] },
    })
  })

  test('rights that were lost since do not keep a program from being joined', async () => {
    await left('script', 'exit 0', { args: { size: 'large' } })
    await begun('exit 0')
    await adopt()
    expect((await stageNow(here)).state).toBe('succeeded')
  })

  test('what was not begun is begun by whoever adopts it', async () => {
    await left('script', `echo start >>${file('log')}`)
    await adopt()
    expect(linesOf('log')).toEqual(['start'])
    expect((await stageNow(here)).state).toBe('succeeded')
  })

  test('of five that adopt at once one does', async () => {
    await left('script', `echo start >>${file('log')}`)
    const execution = await executionOf(here)
    const stageThen = await stageNow(here)
    const adopters = ['w1', 'w2', 'w3', 'w4', 'w5'].map((id) => runnerOf(here, workerOf(id)))
    await Promise.all(adopters.map((each) => each.adopt(execution, stageThen)))
    expect(linesOf('log')).toEqual(['start'])
    expect((await executionOf(here)).status).toBe('succeeded')
  })

  test('what stood at unknown and had not begun is not begun now: it is known that nothing was changed', async () => {
    await left('script', `echo start >>${file('log')}`)
    await here.store.tell('r1', { type: 'stage.lost', stage: 'one', attempt: 1, why: 'gone', repeatable: false })
    await adopt()
    expect((await stageNow(here)).outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/never began/),
    })
    expect(linesOf('log')).toEqual([])
    expect(await executionOf(here)).toMatchObject({ status: 'failed', lock: 'released' })
  })

  test('what stood at unknown and did run tells its true end', async () => {
    await left('script', 'echo done')
    await begun('echo done')
    await here.store.tell('r1', { type: 'stage.lost', stage: 'one', attempt: 1, why: 'gone', repeatable: false })
    expect((await executionOf(here)).status).toBe('unknown')
    await adopt()
    expect(await executionOf(here)).toMatchObject({ status: 'succeeded', lock: 'released' })
  })

  test('a program that the dead worker would start too late never runs', async () => {
    await left('script', `echo start >>${file('log')}`)
    await mkdir(join(runDir(), 'process'), { recursive: true })
    expect(await claimVoid(join(runDir(), 'process'))).toBe(true)
    await adopt()
    expect(linesOf('log')).toEqual([])
    expect((await stageNow(here)).outcome).toMatchObject({ kind: 'failed', error: 'never started' })
  })

  test('a cancel that came meanwhile is passed on', async () => {
    const script = `trap 'echo interrupted >>${file('log')}; exit 3' INT; echo up; while :; do sleep 0.02; done`
    await left('script', script)
    await begun(script)
    await here.store.tell('r1', cancel)
    await until(async () => (await look(join(runDir(), 'process'))).state === 'running')
    await until(() => readFileSync(join(runDir(), 'process/out'), 'utf8').includes('up'))
    await adopt()
    expect(linesOf('log')).toEqual(['interrupted'])
    expect((await executionOf(here)).status).toBe('canceled')
  })
})

describe('when it is over', () => {
  const artifacts = () => createArtifacts(here.redis, here.keys, KEY).of('r1')

  async function withPlan() {
    for (const name of ['plan', 'stack', 'lock', 'plan.txt']) await artifacts().put(name, Buffer.from(name))
  }

  test('the plan and the files are gone, and what was written for people stays', async () => {
    await withPlan()
    await runner().start(await ready(here, only('script', { script: 'true' })))
    expect(existsSync(join(here.dir, 'm1/runs/r1'))).toBe(false)
    for (const name of ['plan', 'stack', 'lock']) await expect(artifacts().get(name)).rejects.toThrow(/is gone/)
    expect(String(await artifacts().get('plan.txt'))).toBe('plan.txt')
  })

  test('at unknown everything stays for somebody to look at', async () => {
    await withPlan()
    await runner().start(await ready(here, only('trip-once', { how: 'begun' })))
    await here.store.tell('r1', { type: 'left', by: bob })
    await runner().tidyAll()
    expect(readdirSync(join(here.dir, 'm1/runs'))).toEqual(['r1'])
    expect(String(await artifacts().get('plan'))).toBe('plan')
  })

  test('what ended without this worker is tidied up too, and what goes on is not', async () => {
    await withPlan()
    const stages = [stage('one', 'look'), stage('two', 'look', {}, ['one'])]
    for (const id of ['r1', 'r2']) {
      await here.store.request(wanted({ id, stages, environment: id === 'r1' ? 'loadtest' : 'other' }), id)
      await here.store.tell(id, { type: 'stage.started', stage: 'one', attempt: 1, worker: w1 })
      await mkdir(runDir(id), { recursive: true })
    }
    await mkdir(runDir('somebody-elses'), { recursive: true })
    await here.store.tell('r1', cancel)
    await here.store.tell('r1', {
      type: 'stage.ended',
      stage: 'one',
      attempt: 1,
      outcome: { kind: 'canceled', why: 'x' },
    })
    await runner().tidyAll()
    expect(readdirSync(join(here.dir, 'm1/runs')).sort()).toEqual(['r2', 'somebody-elses'])
    await expect(artifacts().get('plan')).rejects.toThrow(/is gone/)
  })

  test('a worker without any runs has nothing to tidy', async () => {
    await runner({ kinds }).tidyAll()
    expect(existsSync(join(here.dir, 'm1'))).toBe(false)
  })
})

test('a runner knows what it runs, by attempt', async () => {
  const here1 = runner()
  const done = here1.start(await ready(here, only('script', { script: waits('log') })))
  await until(() => linesOf('log').length > 0)
  const now = await stageNow(here)
  expect([here1.isRunning('r1', now), here1.isRunning('r1', { ...now, attempt: 2 }), here1.count()]).toEqual([
    true,
    false,
    1,
  ])
  go()
  await done
  expect([here1.isRunning('r1', now), here1.count()]).toEqual([false, 0])
})
