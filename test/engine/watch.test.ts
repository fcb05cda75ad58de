import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Hint } from '../../src/engine/queue.ts'
import type { Runner } from '../../src/engine/run.ts'
import { createWatch } from '../../src/engine/watch.ts'
import type { LabelledWorker } from '../../src/engine/workers.ts'
import { startHeartbeat } from '../../src/engine/workers.ts'
import { executionOf, kinds, only, ready, runnerOf, stageNow, workerOf } from './kinds.ts'
import { effectsOf, silent, until, useRedis } from './redis.ts'

const here = useRedis()
const file = (name: string) => join(here.dir, name)
const linesOf = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trimEnd().split('\n') : [])
const go = () => writeFileSync(file('go'), '')
const waits = () => `echo start >>${file('log')}; echo up; while [ ! -e ${file('go')} ]; do sleep 0.02; done; echo end`

const w0 = workerOf('w0')
const w1 = workerOf('w1')

/** One look of a process: a bot's without `mine`, else that of a worker. */
async function look(mine?: { runner: Runner; worker: LabelledWorker }, times = 1): Promise<void> {
  const watch = createWatch({ ...here, kinds, deadAfter: 0, log: silent }, mine)
  for (let looks = 0; looks < times; looks++) await watch.look()
  await watch.stop()
}

/** The looks of one process as time passes, one a second. */
function steadyLook(mine?: { runner: Runner; worker: LabelledWorker }) {
  const watch = createWatch({ ...here, kinds, deadAfter: 20_000, log: silent }, mine)
  const pass = async (seconds: number) => {
    for (let count = 0; count < seconds; count++) {
      here.clock.now += 1000
      await watch.look()
    }
  }
  return { pass, stop: watch.stop }
}

const mineOf = (worker: LabelledWorker) => ({ worker, runner: runnerOf(here, worker) })

async function startedBy(worker: LabelledWorker, kind: string, script = 'true'): Promise<Hint> {
  const hint = await ready(here, only(kind, { script }))
  await here.store.tell('r1', { type: 'stage.started', stage: 'one', attempt: 1, worker })
  return hint
}

async function alive(worker: LabelledWorker) {
  const heart = startHeartbeat(here.redis, here.keys, worker, 60_000, silent)
  await heart.first
  return heart
}

describe('a stage whose worker died, seen from another machine', () => {
  test('is started again when that does no harm', async () => {
    await startedBy(w0, 'plan')
    await look()
    expect(await stageNow(here)).toMatchObject({ state: 'ready', attempt: 2, worker: null })
    expect(await effectsOf(here)).toContainEqual(expect.objectContaining({ do: 'run', stage: 'one', attempt: 2 }))
  })

  test('is unknown when it may not run twice: the lock stays, nothing is started', async () => {
    await startedBy(w0, 'script')
    await look()
    expect(await executionOf(here)).toMatchObject({ status: 'unknown', lock: 'held' })
    expect((await stageNow(here)).outcome).toMatchObject({ why: expect.stringMatching(/worker on builder-1.*is gone/) })
    await look()
    expect((await stageNow(here)).attempt).toBe(1)
  })

  test('of a kind that nobody knows is unknown rather than run again', async () => {
    await startedBy(w0, 'packer')
    await look()
    expect((await executionOf(here)).status).toBe('unknown')
  })

  test('is left alone while the worker lives', async () => {
    const heart = await alive(w0)
    await startedBy(w0, 'plan')
    await look(mineOf(workerOf('w2', 'm2')))
    expect(await stageNow(here)).toMatchObject({ state: 'running', attempt: 1 })
    await heart.stop()
  })

  test('is left to a worker of its machine for a while, and then is lost', async () => {
    const heart = await alive(w1)
    await startedBy(w0, 'script')
    const { pass, stop } = steadyLook()
    await pass(39)
    expect((await executionOf(here)).status).toBe('running')
    await pass(1)
    expect((await executionOf(here)).status).toBe('unknown')
    await stop()
    await heart.stop()
  })

  test('of ten processes that look at once is started again once', async () => {
    await startedBy(w0, 'plan')
    await Promise.all(Array.from({ length: 10 }, () => look()))
    expect(await stageNow(here)).toMatchObject({ state: 'ready', attempt: 2 })
    expect((await executionOf(here)).notes).toHaveLength(1)
  })

  test('is not taken from who has adopted it meanwhile', async () => {
    await startedBy(w0, 'script')
    const from = { stage: 'one', attempt: 1, from: 'w0' } as const
    await here.store.tell('r1', { type: 'stage.adopted', ...from, worker: w1 })
    const late = await here.store.tell('r1', { type: 'stage.lost', ...from, why: 'gone', repeatable: false })
    expect(late.changed).toBe(false)
    expect(await executionOf(here)).toMatchObject({ status: 'running' })
  })
})

describe('after Redis was away for longer than a worker may be silent', () => {
  const lapse = () => here.redis.del(here.keys.worker('w0'), here.keys.worker('on-m1'))

  test.each([
    ['from another machine', undefined],
    ['from its own machine', w1],
  ])(
    'a worker that lives is not taken for dead, seen %s, and one that does not beat again is',
    async (_where, worker) => {
      const heart = await alive(w0)
      const mine = worker && mineOf(worker)
      await startedBy(w0, 'script', waits())
      const { pass, stop } = steadyLook(mine)
      await pass(60)
      // Nobody looks and nobody beats for 27 seconds, and the keys lapse.
      await lapse()
      here.clock.now += 27_000
      await pass(19)
      expect(await stageNow(here)).toMatchObject({ state: 'running', worker: { id: 'w0' } })
      expect(mine?.runner.count() ?? 0).toBe(0)
      const beats = await alive(w0)
      await pass(30)
      expect(await stageNow(here)).toMatchObject({ state: 'running', worker: { id: 'w0' } })
      await Promise.all([heart.stop(), beats.stop()])
      await lapse()
      await pass(1)
      if (!worker) expect((await executionOf(here)).status).toBe('unknown')
      else await until(async () => (await stageNow(here)).worker?.id === 'w1')
      go()
      if (worker) await until(async () => (await executionOf(here)).endedAt !== null)
      await stop()
    },
  )

  test('who was missed before has to be missed again, for as long', async () => {
    const heart = await alive(w1)
    await startedBy(w0, 'script')
    const { pass, stop } = steadyLook()
    await pass(30)
    here.clock.now += 27_000
    await pass(39)
    expect((await executionOf(here)).status).toBe('running')
    await pass(2)
    expect((await executionOf(here)).status).toBe('unknown')
    await Promise.all([stop(), heart.stop()])
  })
})

describe('a stage whose worker died, seen from its machine', () => {
  test('is adopted by one of two workers, and never run twice', async () => {
    await startedBy(w0, 'script', waits())
    const both = [mineOf(w1), mineOf(workerOf('w2'))]
    const hearts = await Promise.all([w1, workerOf('w2')].map(alive))
    await Promise.all(both.map((mine) => look(mine, 3)))
    await until(() => linesOf('log').length > 0)
    await Promise.all(both.map((mine) => look(mine, 3)))
    expect(both.map(({ runner }) => runner.count()).sort()).toEqual([0, 1])
    go()
    await until(async () => (await executionOf(here)).endedAt !== null)
    expect(linesOf('log')).toEqual(['start'])
    expect((await stageNow(here)).outcome).toMatchObject({ kind: 'succeeded' })
    await Promise.all(hearts.map((heart) => heart.stop()))
  })

  test('that is unknown by now is adopted when a worker comes back to the machine', async () => {
    await startedBy(w0, 'script')
    await look()
    expect((await executionOf(here)).status).toBe('unknown')
    await look(mineOf(w1))
    await until(async () => (await executionOf(here)).endedAt !== null)
    expect((await stageNow(here)).outcome).toMatchObject({ error: expect.stringMatching(/never began/) })
  })

  test('whose end was seen to vanish is not looked at for ever', async () => {
    await startedBy(w0, 'script')
    const outcome = { kind: 'unknown', why: 'x', output: { vanished: true } } as const
    await here.store.tell('r1', { type: 'stage.ended', stage: 'one', attempt: 1, outcome })
    const before = await executionOf(here)
    await look(mineOf(w1), 2)
    expect(await executionOf(here)).toEqual(before)
  })

  test('that was left as it is stays so', async () => {
    await startedBy(w0, 'script')
    await look()
    await here.store.tell('r1', { type: 'left', by: { kind: 'slack', team: 'T01TEAM', user: 'U02BOB' } })
    const before = await executionOf(here)
    await look(mineOf(w1), 2)
    expect(await executionOf(here)).toEqual(before)
  })
})

describe('a stage of this very worker', () => {
  test('that it runs is left alone, even if its heartbeat lapsed', async () => {
    const mine = mineOf(w1)
    const done = mine.runner.start(await ready(here, only('script', { script: waits() })))
    await until(() => linesOf('log').length > 0)
    await look(mine, 3)
    go()
    await done
    expect(linesOf('log')).toEqual(['start'])
    expect((await stageNow(here)).outcome).toMatchObject({ output: { adopted: false } })
  })

  test('whose start was stored, but its answer lost, is run after all', async () => {
    const heart = await alive(w1)
    await startedBy(w1, 'script', `echo start >>${file('log')}`)
    await look(mineOf(w1))
    await until(async () => (await executionOf(here)).endedAt !== null)
    expect(linesOf('log')).toEqual(['start'])
    await heart.stop()
  })

  test('is told by a look that somebody wants it to end', async () => {
    const mine = mineOf(w1)
    const script = `trap 'exit 3' INT; echo start >>${file('log')}; while :; do sleep 0.02; done`
    const done = mine.runner.start(await ready(here, only('script', { script })))
    await until(() => linesOf('log').length > 0)
    const by = { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' } as const
    await here.store.tell('r1', { type: 'cancel', by, why: '', force: false })
    await look(mine)
    await done
    expect((await executionOf(here)).status).toBe('canceled')
  })
})

test('a worker that is killed leaves its program running, and the next one sees its end', async () => {
  const hint = await ready(here, only('script', { script: waits() }))
  const workDir = join(here.dir, 'm1')
  const prefix = here.keys.queue.replace('-stages', '')
  const args = [join(import.meta.dirname, 'worker-process.ts'), here.url, prefix, workDir, 'w0', JSON.stringify(hint)]
  const child = spawn('node', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect((await stageNow(here)).worker?.id).toBe('w0')
  await look(mineOf(w1))
  expect((await stageNow(here)).worker?.id, 'its heartbeat has not lapsed yet').toBe('w0')
  await here.redis.del(here.keys.worker('w0'))
  await look(mineOf(w1))
  await until(async () => (await stageNow(here)).worker?.id === 'w1')
  go()
  await until(async () => (await executionOf(here)).endedAt !== null)
  expect((await stageNow(here)).outcome).toEqual({ kind: 'succeeded', output: { lines: ['up', 'end'], adopted: true } })
  expect(linesOf('log')).toEqual(['start'])
})
