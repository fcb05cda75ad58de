import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { fromProc, fromPs, parseIdentity } from '../../../src/tools/run/identity.ts'
import { SHELL, wrapperArgv } from '../../../src/tools/run/wrapper.ts'
import { claimVoid, interrupt, look, run, runOnce } from '../../../src/tools/run.ts'
import { env, place, read, shell, startedWith, testOnLinux, until, useTemporaryPlace } from '../../fixtures/durable.ts'

useTemporaryPlace()

describe('a start that was cut off', () => {
  beforeEach(async () => {
    await mkdir(place.dir, { recursive: true })
    await startedWith({ ticket: 'ticket-1' })
  })

  const lateWrapper = (ticket: string) =>
    run(
      [
        SHELL,
        ...wrapperArgv({ dir: place.dir, ticket, cwd: place.root, argv: ['sh', '-c', 'echo ran >>count; exit 2'] }),
      ],
      {
        cwd: place.root,
        env,
      },
    )

  test('is starting until it is declared void, and then no late wrapper can run it', async () => {
    expect(await look(place.dir)).toEqual({ state: 'starting' })
    expect(await claimVoid(place.dir)).toBe(true)
    expect(await claimVoid(place.dir)).toBe(true)
    expect(await lateWrapper('ticket-1')).toMatchObject({ exitCode: 1 })
    expect(await look(place.dir)).toEqual({ state: 'never-started' })
    expect(existsSync(join(place.root, 'count'))).toBe(false)
  })

  test('cannot be declared void once its wrapper was first', async () => {
    await lateWrapper('ticket-1')
    expect(await claimVoid(place.dir)).toBe(false)
    expect(await look(place.dir)).toEqual({ state: 'ended', exitCode: 2 })
  })

  test('does not run in a directory that was thrown away and made anew', async () => {
    await startedWith({ ticket: 'ticket-2' })
    expect(await lateWrapper('ticket-1')).toMatchObject({ exitCode: 1 })
    expect(await look(place.dir)).toEqual({ state: 'starting' })
    expect(existsSync(join(place.root, 'count'))).toBe(false)
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])(
    'does not run where it was interrupted by %s while it was being forked, so that nobody got that',
    async (signal, exitCode) => {
      await writeFile(join(place.dir, 'interrupted'), `${signal}\n`)
      await lateWrapper('ticket-1')
      expect(await look(place.dir)).toEqual({ state: 'ended', exitCode })
      expect(readFileSync(join(place.dir, 'err'), 'utf8')).toBe('')
      expect(existsSync(join(place.root, 'count'))).toBe(false)
    },
  )

  test('does not run where its directory is being removed, although the void marker went already', async () => {
    const [out, err] = ['out', 'err'].map((name) => join(place.dir, name)) as [string, string]
    execFileSync('mkfifo', [out, err])
    const late = lateWrapper('ticket-1')
    expect(await claimVoid(place.dir)).toBe(true)
    // It has looked at its ticket when it comes to write there, and stands still at the second one.
    await using _written = await open(out, 'r')
    for (const name of ['started', 'pid']) await rm(join(place.dir, name))
    await using _failed = await open(err, 'r')
    expect(await late).toMatchObject({ exitCode: 1 })
    expect(existsSync(join(place.root, 'count'))).toBe(false)
  })

  test('runs once when several wrappers of it race with a void claim', async () => {
    const [claimed] = await Promise.all([claimVoid(place.dir), lateWrapper('ticket-1'), lateWrapper('ticket-1')])
    expect(existsSync(join(place.root, 'count')) ? read('count') : '').toBe(claimed ? '' : 'ran\n')
  })

  test('is declared never started by whoever waits for it, at once when the wait is called off', async () => {
    expect(await runOnce(place.dir, shell('true'), { startWithin: 50 })).toMatchObject({ end: 'never-started' })
    await rm(join(place.dir, 'pid'))
    const off = await runOnce(place.dir, shell('true'), { signal: AbortSignal.abort(), startWithin: 600_000 })
    expect(off).toMatchObject({ end: 'never-started' })
  })
})

describe('a pid that now belongs to somebody else', () => {
  const publish = async (start: string, boot: string, pid = process.pid) => {
    await mkdir(place.dir, { recursive: true })
    await startedWith({ ticket: 'x' })
    await writeFile(join(place.dir, 'pid'), `${pid}\n${start}\n${boot}\n`)
  }

  testOnLinux.each(['start', 'boot'] as const)(
    'by its %s is not taken for the process, and gets no signal',
    async (differs) => {
      const ours = await fromProc(process.pid)
      if (!ours) throw new Error('this process is not in /proc')
      await publish(ours.start, ours.boot)
      expect(await look(place.dir)).toMatchObject({ state: 'running', pid: process.pid })
      const other = { ...ours, [differs]: '1' }
      await publish(other.start, other.boot)
      expect(await look(place.dir)).toEqual({ state: 'vanished', pid: process.pid })
      expect(await interrupt(place.dir, 'SIGKILL')).toBe(false)
    },
  )

  testOnLinux('or to a zombie counts as gone', async () => {
    // The parent never asks how its child ended: a zombie for as long as the parent lives. The child ends once that is no shell any more.
    const child = `sh -c 'until [ "$(cat /proc/$PPID/comm)" = sleep ]; do :; done'`
    const parent = spawn('sh', ['-c', `${child} & echo $!; exec sleep 60`], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(parent.stdout, 'data')
    const pid = Number(String(line))
    await until(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    await publish(fields?.[19] ?? '', boot, pid)
    expect(await look(place.dir)).toEqual({ state: 'vanished', pid })
    parent.kill('SIGKILL')
  })

  test('is compared by ps where there is no /proc', async () => {
    const ours = await fromPs(process.pid)
    expect(ours).toMatchObject({ pid: process.pid, boot: '-' })
    expect(Number.isNaN(Date.parse(ours?.start ?? ''))).toBe(false)
    expect(await fromPs(2 ** 22 + 1)).toBeUndefined()
  })

  test('or a record that is torn is our error, not a guess', () => {
    expect(() => parseIdentity('12\n')).toThrow(/three lines/)
    expect(() => parseIdentity('-1\n2\n3\n')).toThrow(/three lines/)
  })
})
