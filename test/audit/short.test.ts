import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { historyLines } from '../../src/core/audit/history.ts'
import type { AuditEntry, AuditLine } from '../../src/core/audit.ts'
import { isAskedFor, shownByDefault } from '../../src/core/audit.ts'
import type { RunContext } from '../../src/core/workflow.ts'
import { only, ready, runnerOf, stageNow, workerOf } from '../engine/kinds.ts'
import { until } from '../engine/redis.ts'
import { auditOf, fileIn, streamOf, useRedis } from './redis.ts'

const here = useRedis()
const file = () => fileIn(here)
const at = (name: string) => join(here.dir, name)
const fill = () => {
  rmSync(file(), { force: true })
  symlinkSync('/dev/full', file())
}
const entries = async () => {
  await auditOf(here).flush()
  return (await streamOf(here)).map(({ entry }) => entry)
}
const programs = async () => (await entries()).filter(({ kind }) => kind === 'ran' || kind === 'exited')

describe('short commands of a stage', () => {
  test('are recorded with their argv, before they begin and without secrets, and with their exit, once each', async () => {
    const input = { before: `cp ${file()} ${at('seen')}; echo hunter22; exit 3`, after: 'true' }
    const variables = { PATH: process.env.PATH ?? '', DB_PASSWORD: 'hunter22' }
    const audit = auditOf(here, { file: file() })
    await runnerOf(here, workerOf('w1'), { audit, variables }).start(await ready(here, only('short', input)))
    const [first, exit, main, ...more] = await programs()
    const about = { who: 'T01TEAM/U01ALICE', execution: 'r1', stage: 'one', attempt: 1, environment: 'loadtest' }
    const argv = ['sh', '-c', `cp ${file()} ${at('seen')}; echo ***; exit 3`]
    expect(first).toMatchObject({ kind: 'ran', short: true, ...about, argv })
    expect(exit).toMatchObject({ kind: 'exited', short: true, ...about, exitCode: 3 })
    expect(main).toEqual(expect.not.objectContaining({ short: true }))
    expect(more.map(({ kind, short = false, exitCode }) => [kind, short, exitCode])).toEqual([
      ['exited', false, 0],
      ['ran', true, undefined],
      ['exited', true, 0],
    ])
    // The command itself saw its own line in the file.
    expect(readFileSync(at('seen'), 'utf8')).toContain('"short":true')
    expect(readFileSync(file(), 'utf8')).not.toContain('hunter22')
    expect((await stageNow(here)).outcome).toMatchObject({ output: { first: { exitCode: 3, stdout: 'hunter22\n' } } })
  })

  test('that cannot be begun are recorded with the reason', async () => {
    const audit = auditOf(here)
    const kinds = new Map([['short', missing]])
    await runnerOf(here, workerOf('w1'), { audit, kinds }).start(await ready(here, only('short')))
    expect(await programs()).toMatchObject([
      { kind: 'ran', argv: ['no-such-program'] },
      { kind: 'exited', short: true, why: expect.stringMatching(/Expected the program `no-such-program`/) },
    ])
  })

  test('are not begun while the audit cannot be written, and are when it is mended', async () => {
    const { stage, said } = await filled({ before: `touch ${at('before')}`, after: 'true' }, 'start')
    await until(() => said.includes('waiting: the audit cannot be written'))
    expect(existsSync(at('before'))).toBe(false)
    rmSync(file())
    await stage
    expect(existsSync(at('before'))).toBe(true)
  })

  test('after the program of the stage has ended only need Redis: its end is told with a full disk as well', async () => {
    const during = `echo up; while [ ! -e ${at('go')} ]; do sleep 0.02; done`
    const { stage, said } = await filled({ before: 'true', during, after: 'exit 7' }, 'up')
    await until(() => said.includes('up'))
    fill()
    symlinkSync('/dev/null', at('go'))
    await stage
    expect((await stageNow(here)).outcome).toMatchObject({ kind: 'succeeded', output: { last: { exitCode: 7 } } })
    rmSync(file())
    expect((await programs()).at(-1)).toMatchObject({ kind: 'exited', short: true, exitCode: 7 })
  })

  /** The disk is full from the moment on at which the stage is taken (`start`), or when the test says so. */
  async function filled(input: Record<string, string>, when: 'start' | 'up') {
    const hint = await ready(here, only('short', input))
    const audit = auditOf(here, { file: file() })
    const said: string[] = []
    let flushes = 0
    const flush = async () => {
      await audit.flush()
      if (++flushes === 2 && when === 'start') fill()
    }
    const progress = (_execution: string, { text }: { text: string }) => said.push(text)
    const stage = runnerOf(here, workerOf('w1'), { audit: { ...audit, flush }, progress }).start(hint)
    return { stage, said }
  }

  const missing = {
    kind: 'short',
    repeatable: true,
    input: { parse: (input: unknown) => input } as never,
    plan: (input: unknown) => input as never,
    async run(_input: unknown, context: RunContext) {
      await context.run(['no-such-program'], { cwd: context.directory, env: { PATH: '/nowhere' } })
      return { kind: 'succeeded' as const, output: {} }
    },
  }
})

const lineOf = (seq: number, ms: number, entry: Partial<AuditEntry>): AuditLine => ({
  seq,
  at: new Date(Date.UTC(2026, 10, 20, 17, 40) + ms).toISOString(),
  entry: { kind: 'ran', who: 'T01TEAM/U01ALICE', execution: 'r1', stage: 'terraform.plan', attempt: 1, ...entry },
  prev: '',
  hash: '',
})
const short = { short: true } as const

test('what an execution ran is told in order, its short commands folded into one line a stage', () => {
  const lines = [
    lineOf(1, 0, { kind: 'started', worker: 'w1' }),
    lineOf(2, 0, { ...short, argv: ['terraform', 'version'] }),
    lineOf(3, 300, { ...short, kind: 'exited', exitCode: 0 }),
    lineOf(4, 300, { ...short, argv: ['terraform', 'init'] }),
    lineOf(5, 2500, { ...short, kind: 'exited', exitCode: 1 }),
    lineOf(6, 2500, { argv: ['terraform', 'plan'] }),
    lineOf(7, 4000, { kind: 'exited', exitCode: 2 }),
    lineOf(8, 4000, { ...short, argv: ['terraform', 'show'] }),
    lineOf(9, 4000, { ...short, stage: 'look', argv: ['terraform', 'show'] }),
    lineOf(10, 5000, { ...short, stage: 'look', kind: 'exited', why: 'it was killed' }),
  ]
  expect(historyLines(lines)).toEqual([
    expect.stringContaining('*started*'),
    '2–5. 2026-11-20 17:40 UTC `terraform.plan` also ran `terraform version` (exit 0, 0.3 s); `terraform init` (*exit 1*, 2.2 s)',
    expect.stringMatching(/^6\..*\*ran\*.*`terraform plan`/),
    expect.stringMatching(/^7\..*\*exited\*.*exit code 2/),
    '8. 2026-11-20 17:40 UTC `terraform.plan` also ran `terraform show` (*nobody saw its end*)',
    '9–10. 2026-11-20 17:40 UTC `look` also ran `terraform show` (*it was killed*, 1.0 s)',
  ])
})

test('they make no noise: the audit channel has no programs by default, and a list of the audit can leave them out', () => {
  expect(shownByDefault).not.toContain('ran')
  expect(shownByDefault).not.toContain('exited')
  expect(shownByDefault).toContain('stolen')
  expect(isAskedFor(lineOf(1, 0, short), { limit: 1, short: false })).toBe(false)
  expect(isAskedFor(lineOf(1, 0, {}), { limit: 1, short: false })).toBe(true)
  expect(isAskedFor(lineOf(1, 0, short), { limit: 1 })).toBe(true)
})
