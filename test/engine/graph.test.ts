import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { OnFailure } from '../../src/core/stage/shape.ts'
import type { Stage } from '../../src/core/workflow.ts'
import { createPerform } from '../../src/engine/perform.ts'
import { createWatch } from '../../src/engine/watch.ts'
import { site } from '../core/sample-site.ts'
import { stage, wanted } from '../core/world.ts'
import { executionOf, kinds, runnerOf, workerOf } from './kinds.ts'
import { effectsOf, silent, until, useRedis } from './redis.ts'

const here = useRedis()
const runner = (change: Parameters<typeof runnerOf>[2] = {}) => runnerOf(here, workerOf('w1'), change)
const file = (name: string) => join(here.dir, name)
const linesOf = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trimEnd().split('\n') : [])
const states = async () => (await executionOf(here)).stages.map(({ state }) => state).join(' ')
const stageNamed = async (id: string) => {
  const found = (await executionOf(here)).stages.find((each) => each.id === id)
  if (!found) throw new Error(`There is no ${id}`)
  return found
}
const store = (stages: readonly Stage[]) => here.store.request(wanted({ stages }), 'r1')
const hint = async (id: string) => ({ execution: 'r1', stage: id, attempt: (await stageNamed(id)).attempt })

/** Runs everything that is ready, as its hints come, until nothing is. */
async function runAll(): Promise<void> {
  const worker = runner()
  for (;;) {
    const ready = (await executionOf(here)).stages.filter(
      (each) => each.state === 'ready' && (each.readyAt ?? 0) <= here.clock.now,
    )
    if (ready.length === 0) return
    await Promise.all(ready.map(async ({ id }) => worker.start(await hint(id))))
  }
}

const graph = (onFailure: OnFailure): Stage[] => [
  stage('start', 'script', { script: 'true' }),
  {
    ...stage('a', 'script', { script: `while [ ! -e ${file('b-up')} ]; do sleep 0.02; done; exit 4` }, ['start']),
    onFailure,
  },
  stage('a2', 'script', { script: `echo a2 >>${file('log')}` }, ['a']),
  stage(
    'b',
    'script',
    {
      script: `trap 'echo interrupted >>${file('log')}; exit 3' INT; : >${file('b-up')}; while [ ! -e ${file('go')} ]; do sleep 0.02; done; echo b >>${file('log')}`,
    },
    ['start'],
  ),
  stage('b2', 'script', { script: `echo b2 >>${file('log')}` }, ['b']),
  stage('join', 'script', { script: `echo join >>${file('log')}` }, ['a2', 'b2']),
]

describe('one of two branches that run at once fails', () => {
  async function bothRun(onFailure: OnFailure) {
    await store(graph(onFailure))
    const worker = runner()
    await worker.start(await hint('start'))
    const b = worker.start(await hint('b'))
    await worker.start(await hint('a'))
    await worker.obey('r1')
    return { b }
  }

  test('halt: the other gets one interrupt, ends by itself, and then it has failed', async () => {
    const { b } = await bothRun('halt')
    await b
    expect(linesOf('log')).toEqual(['interrupted'])
    expect(await states()).toBe('succeeded failed skipped canceled skipped skipped')
    expect((await stageNamed('b')).outcome).toMatchObject({ why: '`a` failed: exit 3' })
    expect(await executionOf(here)).toMatchObject({ status: 'failed', lock: 'released', cancel: null })
  })

  test.each([
    ['halt-branch', 'succeeded failed skipped succeeded succeeded skipped', 'succeeded', ['b', 'b2']],
    ['finish-then-fail', 'succeeded failed skipped succeeded succeeded skipped', 'failed', ['b', 'b2']],
    ['continue', 'succeeded failed succeeded succeeded succeeded succeeded', 'succeeded', ['a2', 'b', 'b2', 'join']],
  ] as const)('%s: the other goes on', async (option, after, status, done) => {
    const { b } = await bothRun(option)
    writeFileSync(file('go'), '')
    await b
    await runAll()
    expect(await states()).toBe(after)
    expect([...linesOf('log')].sort()).toEqual(done)
    expect(await executionOf(here)).toMatchObject({ status, lock: 'released' })
  })
})

describe('a time limit', () => {
  const limited = (script: string, force: boolean) => [
    { ...stage('one', 'script', { script }), timeLimit: { after: '30m', grace: '1m', ...(force ? { force } : {}) } },
  ]
  const minutes = (count: number) => {
    here.clock.now += count * 60_000
  }
  /** What a bot or worker does at that time. */
  async function due() {
    const perform = createPerform({ ...here, site, kinds, hints: { add: async () => {}, close: async () => {} } })
    const effects = (await effectsOf(here)).filter((effect) => effect.do === 'tell' && effect.at <= here.clock.now)
    for (const effect of effects) await perform(effect, 1)
  }
  async function running(script: string, force: boolean) {
    await store(limited(script, force))
    const worker = runner()
    const done = worker.start(await hint('one'))
    await until(() => existsSync(file('up')))
    return { worker, done }
  }

  test('interrupts what takes too long, and it has failed', async () => {
    const { worker, done } = await running(`trap 'exit 3' INT; : >${file('up')}; while :; do sleep 0.02; done`, false)
    minutes(30)
    await due()
    await worker.obey('r1')
    await done
    expect((await stageNamed('one')).outcome).toMatchObject({
      kind: 'failed',
      error: 'It took longer than 30m. exit 3',
    })
    expect((await executionOf(here)).status).toBe('failed')
  })

  test('kills what ignores its interrupt, where its kind may be; what it did is unknown', async () => {
    const { worker, done } = await running(`trap '' INT; : >${file('up')}; while :; do sleep 0.02; done`, true)
    minutes(30)
    await due()
    await worker.obey('r1')
    expect(await states()).toBe('running')
    minutes(1)
    await due()
    await worker.obey('r1')
    await done
    expect(await executionOf(here)).toMatchObject({ status: 'unknown', lock: 'held' })
    expect((await stageNamed('one')).outcome).toMatchObject({
      why: 'It took longer than 30m and did not end when it was interrupted, so that it was killed. it vanished',
    })
  })

  test('waits for what ignores its interrupt and may not be killed', async () => {
    const script = `trap '' INT; : >${file('up')}; while [ ! -e ${file('go')} ]; do sleep 0.02; done; exit 5`
    const { worker, done } = await running(script, false)
    minutes(30)
    await due()
    minutes(600)
    await due()
    await worker.obey('r1')
    expect(await states()).toBe('running')
    expect((await stageNamed('one')).stopped).toMatchObject({ late: true })
    writeFileSync(file('go'), '')
    await done
    expect((await stageNamed('one')).outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/took longer than 30m/),
    })
  })
})

describe('a retry', () => {
  /** Fails twice, then ends well. */
  const flaky = () => `echo try >>${file('log')}; [ "$(wc -l <${file('log')})" -ge 3 ]`
  const stages = (script = flaky()): Stage[] => [
    { ...stage('one', 'plan', { script }), retry: { times: 3, wait: '10s', most: '1m' } },
    stage('two', 'script', { script: 'true' }, ['one']),
  ]

  test('is begun at its time by whoever looks, each try for itself', async () => {
    await store(stages())
    for (const wait of [10, 20]) {
      await runAll()
      expect((await stageNamed('one')).readyAt).toBe(here.clock.now + wait * 1000)
      expect(await effectsOf(here)).toContainEqual(
        expect.objectContaining({ do: 'run', stage: 'one', at: here.clock.now + wait * 1000 }),
      )
      here.clock.now += wait * 1000
    }
    await runAll()
    expect(linesOf('log')).toHaveLength(3)
    expect(await executionOf(here)).toMatchObject({ status: 'succeeded' })
    expect(await stageNamed('one')).toMatchObject({
      attempt: 3,
      tries: [
        { attempt: 1, error: 'exit 1' },
        { attempt: 2, error: 'exit 1' },
      ],
    })
  })

  test('goes on where a worker was killed in a try: that one is begun again, and no try is lost', async () => {
    const killed = `echo try >>${file('log')}; case "$(wc -l <${file('log')})" in 1) exit 1;; 2) : >${file('up')}; sleep 300;; *) exit 0;; esac`
    await store(stages(killed))
    await runAll()
    here.clock.now += 10_000
    await mkdir(file('m9'), { recursive: true })
    const script = new URL('worker-process.ts', import.meta.url).pathname
    const args = [
      script,
      here.url,
      here.keys.executions.replace(':executions', ''),
      file('m9'),
      'w9',
      JSON.stringify(await hint('one')),
    ]
    const worker = spawn('node', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await until(() => existsSync(file('up')))
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    const watch = createWatch({ ...here, kinds, deadAfter: 0, log: silent })
    await here.redis.del(here.keys.worker('w9'), here.keys.worker('on-m9'))
    await watch.look()
    await watch.stop()
    expect(await stageNamed('one')).toMatchObject({ state: 'ready', attempt: 3, tries: [{ attempt: 1 }] })
    await runAll()
    expect(await executionOf(here)).toMatchObject({ status: 'succeeded' })
    const pid = Number(readFileSync(file('m9/runs/r1/one-2/process/pid'), 'utf8').split('\n')[0])
    process.kill(-pid, 'SIGKILL')
  })
})

test('a reference is looked up when it is used: what the stage did not give, or gave otherwise, fails the stage and says so', async () => {
  const gives = { ...(kinds.get('look') as NonNullable<ReturnType<typeof kinds.get>>) }
  const z = (await import('zod')).z
  const here1 = new Map([...kinds, ['look', { ...gives, output: z.object({ line: z.number(), no: z.string() }) }]])
  await store([
    stage('one', 'look'),
    { ...stage('two', 'look', { x: { ref: 'one.line' } }, ['one']), onFailure: 'continue' },
    stage('three', 'look', { x: { ref: 'one.no' } }, ['one']),
  ])
  const worker = runner({ kinds: here1 })
  for (const id of ['one', 'two', 'three']) await worker.start(await hint(id))
  expect((await stageNamed('two')).outcome).toMatchObject({
    error: expect.stringMatching(/`one.line` is needed here, and is not what one says/),
  })
  expect((await stageNamed('three')).outcome).toMatchObject({
    error: expect.stringMatching(
      /`one.no` is needed here, and the stage that it names gave no such output \(it gave execution, line,/,
    ),
  })
})
