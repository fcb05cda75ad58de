import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { startRedis } from '../../examples/demo/parts.ts'
import { cancel } from '../../src/engine/deeds.ts'
import { connect, whenReady } from '../../src/engine/redis.ts'
import type { RunnerParts } from '../../src/engine/run.ts'
import { createStore } from '../../src/engine/store.ts'
import { executionOf, only, ready, runnerOf, stageNow, workerOf } from '../engine/kinds.ts'
import { until } from '../engine/redis.ts'
import { alice, callerOf, crewOf, waiting } from './crew.ts'
import { auditOf, fileIn, linesIn, streamOf, useRedis, verdictOfFile } from './redis.ts'

const here = useRedis()
const file = () => fileIn(here)
const log = () => join(here.dir, 'log')
const started = () => existsSync(log())
const fill = () => {
  rmSync(file(), { force: true })
  symlinkSync('/dev/full', file())
}
const mend = () => rmSync(file())
const once = () => only('script', { script: `echo start >>${log()}` })
const runner = (change: Partial<RunnerParts> = {}) =>
  runnerOf(here, workerOf('w1'), { audit: auditOf(here, { file: file() }), ...change })

describe('while the audit file cannot be written', () => {
  test('a request is refused, with the reason and what to do, and nothing is stored', async () => {
    fill()
    const audit = auditOf(here, { file: file() })
    const { crew } = crewOf(here, here.store, audit)
    await expect(crew.ask('loadtest up small', callerOf(alice))).rejects.toThrow(
      /The audit cannot be written on here: no space is left on its disk.*nothing was done.*Tell the people/,
    )
    await expect(crew.ask('runs list', callerOf(alice))).rejects.toThrow(/The audit cannot be written/)
    expect(await here.store.list({ limit: 10 })).toEqual([])
    mend()
    await crew.ask('loadtest up small', callerOf(alice))
    expect(await here.store.list({ limit: 10 })).toHaveLength(1)
    const kinds = linesIn(file()).map((text) => JSON.parse(text).entry.kind)
    expect(kinds).toEqual(expect.arrayContaining(['asked', 'refused']))
    await audit.flush()
    expect((await verdictOfFile(here, file())).problems).toEqual([])
  })

  test('help is given and what runs can be canceled', async () => {
    const audit = auditOf(here, { file: file() })
    const opened = crewOf(here, here.store, audit)
    const { execution } = await waiting(opened)
    fill()
    expect(await opened.crew.ask('help', callerOf(alice))).toMatchObject({ kind: 'answered' })
    await cancel(opened.parts, execution, { actor: alice, roles: [], channel: null }, { request: 'click' })
    expect((await here.store.execution(execution))?.status).toBe('canceled')
  })

  test('a worker starts no stage, and does when it is mended', async () => {
    fill()
    const hint = await ready(here, once())
    await expect(runner().start(hint)).rejects.toThrow(/The audit cannot be written/)
    expect([started(), (await stageNow(here)).state]).toEqual([false, 'ready'])
    expect((await stageNow(here)).stuck).toMatch(/The audit cannot be written on here: no space is left/)
    const { version } = await executionOf(here)
    await expect(runner().start(hint)).rejects.toThrow(/The audit cannot be written/)
    expect((await executionOf(here)).version, 'it is said once').toBe(version)
    mend()
    await runner().start(hint)
    expect([started(), (await stageNow(here)).state]).toEqual([true, 'succeeded'])
    expect((await stageNow(here)).stuck).toBeUndefined()
  })

  test('a stage that was just taken waits, says so, and goes on when it is mended', async () => {
    const { stage, said } = await taken()
    expect(said).toEqual(['waiting: the audit cannot be written'])
    expect([started(), (await stageNow(here)).state]).toEqual([false, 'running'])
    mend()
    await stage
    expect([started(), (await stageNow(here)).state]).toEqual([true, 'succeeded'])
  })

  test('and is called off by a cancel without having begun', async () => {
    const { stage, obey } = await taken()
    await here.store.tell('r1', { type: 'cancel', by: alice, why: '', force: false })
    await obey()
    await stage
    expect([started(), (await stageNow(here)).state]).toEqual([false, 'canceled'])
  })

  /** The disk is full from the moment on at which the stage is taken. */
  async function taken() {
    const hint = await ready(here, once())
    const audit = auditOf(here, { file: file() })
    const said: string[] = []
    let flushes = 0
    const flush = async () => {
      await audit.flush()
      if (++flushes === 1) fill()
    }
    const one = runner({ audit: { ...audit, flush }, progress: (_execution, { text }) => said.push(text) })
    const stage = one.start(hint)
    await until(() => said.length > 0)
    return { stage, said: said.slice(0, 1), obey: () => one.obey('r1') }
  }

  test('the end of what ran already is stored, and recorded when it is mended', async () => {
    const go = join(here.dir, 'go')
    const hint = await ready(
      here,
      only('script', { script: `echo up; while [ ! -e ${go} ]; do sleep 0.02; done; exit 3` }),
    )
    const said: string[] = []
    const audit = auditOf(here, { file: file() })
    const stage = runner({ audit, progress: (_execution, { text }) => said.push(text) }).start(hint)
    await until(() => said.includes('up'))
    fill()
    symlinkSync('/dev/null', go)
    await stage
    expect(await stageNow(here)).toMatchObject({ state: 'failed', outcome: { error: 'exit 3' } })
    mend()
    await audit.flush()
    const entries = (await streamOf(here)).map(({ entry }) => entry)
    expect(entries.filter(({ kind }) => kind === 'exited')).toMatchObject([{ exitCode: 3, stage: 'one', attempt: 1 }])
    await audit.flush()
    expect((await verdictOfFile(here, file())).problems).toEqual([])
  })
})

test('with Redis away a request is refused, and when it is back nothing was stored and nothing is missing', async () => {
  const part = await startRedis({ dir: join(here.dir, 'redis') })
  try {
    const quiet = pino({ level: 'silent' })
    const redis = connect({ url: part.url, options: {} }, quiet)
    await whenReady(redis, quiet)
    const store = createStore(redis, here.keys, here.now)
    const audit = auditOf(here, { redis, file: file() })
    const { crew } = crewOf(here, store, audit)
    await crew.ask('whoami', callerOf(alice))
    await part.kill9()
    await until(() => redis.status !== 'ready')
    await expect(crew.ask('loadtest up small', callerOf(alice))).rejects.toThrow(
      /The audit cannot be written: the bot cannot reach its store \(Redis\) just now. So nothing was done/,
    )
    await part.restart()
    await until(() => redis.status === 'ready')
    expect(await store.list({ limit: 10 })).toEqual([])
    await crew.ask('loadtest up small', callerOf(alice))
    await audit.flush()
    expect(await store.list({ limit: 10 })).toHaveLength(1)
    expect((await verdictOfFile({ ...here, redis }, file())).problems).toEqual([])
    await audit.stop()
    redis.disconnect()
  } finally {
    await part.stop()
  }
})

test('a Redis that takes no writes stops everything as well', async () => {
  const { crew } = crewOf(here, here.store, auditOf(here))
  await here.redis.config('SET', 'maxmemory', '1')
  try {
    await expect(crew.ask('loadtest up small', callerOf(alice))).rejects.toThrow(/\(Redis\) refuses it: OOM/)
  } finally {
    await here.redis.config('SET', 'maxmemory', '0')
  }
  expect(await here.store.list({ limit: 10 })).toEqual([])
})

test('a program is recorded with its argv before it begins, without its secrets, and with its exit code once', async () => {
  const hint = await ready(here, only('script', { script: `cp ${file()} ${log()}; echo hunter22 >/dev/null` }))
  const variables = { PATH: process.env.PATH ?? '', DB_PASSWORD: 'hunter22' }
  const audit = auditOf(here, { file: file() })
  await runner({ audit, variables }).start(hint)
  await audit.flush()
  const entries = (await streamOf(here)).map(({ entry }) => entry)
  const [ran, exited] = entries.filter(({ kind }) => kind === 'ran' || kind === 'exited')
  expect(ran).toMatchObject({ kind: 'ran', who: 'T01TEAM/U01ALICE', execution: 'r1', stage: 'one', attempt: 1 })
  expect(ran?.argv).toEqual(['sh', '-c', `cp ${file()} ${log()}; echo *** >/dev/null`])
  expect(exited).toMatchObject({ kind: 'exited', exitCode: 0 })
  expect(readFileSync(file(), 'utf8')).not.toContain('hunter22')
  // The program itself saw its own line in the file.
  expect(readFileSync(log(), 'utf8')).toContain('"kind":"ran"')
})
