import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { interrupt, look, runOnce, startOnce } from '../../../src/tools/run.ts'
import { env, isState, place, read, shell, until, useTemporaryPlace } from '../../fixtures/durable.ts'

useTemporaryPlace()

const fixture = join(import.meta.dirname, '../../fixtures/run-once.ts')

describe('when the worker dies', () => {
  const worker = (...argv: string[]): ChildProcess =>
    spawn(process.execPath, [fixture, place.dir, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })

  async function recordsOf(child: ChildProcess): Promise<unknown[]> {
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    await once(child, 'close')
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  test('the process goes on, and the next worker reads it from its first line to its exit code', async () => {
    const script = 'echo first; while [ ! -e "$1/go" ]; do sleep 0.05; done; echo last; exit 6'
    const first = worker('sh', '-c', script, 'test', place.root)
    await once(first.stdout ?? first, 'data')
    first.kill('SIGKILL')
    await once(first, 'close')
    expect(await look(place.dir)).toMatchObject({ state: 'running' })

    const second = recordsOf(worker('sh', '-c', 'echo another program', 'test'))
    await writeFile(join(place.root, 'go'), '')
    expect(await second).toEqual([{ line: 'first' }, { line: 'last' }, expect.objectContaining({ exitCode: 6 })])
  })

  test('and two workers begin at once, the program still runs once and both read all of it', async () => {
    const argv = ['sh', '-c', 'echo ran >>"$1/count"; echo line; exit 3', 'test', place.root]
    const both = await Promise.all([recordsOf(worker(...argv)), recordsOf(worker(...argv))])
    for (const records of both) expect(records).toEqual([{ line: 'line' }, expect.objectContaining({ exitCode: 3 })])
    expect(read('count')).toBe('ran\n')
  })

  test('a program that only started one does not wait for it', async () => {
    const script = `import { startOnce } from ${JSON.stringify(join(import.meta.dirname, '../../../src/tools/run.ts'))}
      await startOnce(process.argv[1], { argv: ['sleep', '60'], cwd: '/', env: { PATH: process.env.PATH } })`
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script, place.dir], { stdio: 'inherit' })
    expect(await once(starter, 'close')).toEqual([0, null])
    await until(isState('running'))
  })
})

describe('an interrupt', () => {
  const patient = `trap 'echo "got INT"; sleep 0.3; exit 42' INT; (trap 'echo child >>child; exit' INT; echo ready; while :; do sleep 0.05; done) & while :; do sleep 0.05; done`

  test('is one SIGINT to the whole group, is waited for, and the exit code is recorded', async () => {
    const off = new AbortController()
    const lines: string[] = []
    const onLine = (line: string) => {
      lines.push(line)
      if (line === 'ready') off.abort()
    }
    // A shell's background job ignores SIGINT, so the child of the group is started by Node here.
    const program = `
      const { spawn } = require('node:child_process')
      let count = 0
      process.on('SIGINT', () => { console.log('parent ' + ++count); setTimeout(() => process.exit(42), 400) })
      const child = spawn('sh', ['-c', 'trap "echo child; exit" INT; echo ready; while :; do sleep 0.05; done'], { stdio: 'inherit' })
      setInterval(() => {}, 1000)`
    const spec = { argv: [process.execPath, '-e', program], cwd: place.root, env }
    const end = await runOnce(place.dir, spec, { onLine, signal: off.signal, pollEvery: 20 })
    expect(end).toMatchObject({ end: 'ended', exitCode: 42 })
    expect(lines.toSorted()).toEqual(['child', 'parent 1', 'ready'])
  })

  test('that somebody sent already is not sent again by the worker that adopts', async () => {
    const script = `let count = 0; process.on('SIGINT', () => { console.log('INT ' + ++count); setTimeout(() => process.exit(8), 500) }); console.log('ready'); setInterval(() => {}, 1000)`
    const spec = { argv: [process.execPath, '-e', script], cwd: place.root, env }
    const lines: string[] = []
    const off = new AbortController()
    const onLine = (line: string) => {
      lines.push(line)
      if (line === 'ready') off.abort()
    }
    const first = runOnce(place.dir, spec, { onLine, signal: off.signal })
    await until(() => existsSync(join(place.dir, 'interrupted')))
    const adopted = runOnce(place.dir, spec, { signal: AbortSignal.abort() })
    expect(await first).toMatchObject({ exitCode: 8 })
    expect(await adopted).toMatchObject({ exitCode: 8 })
    expect(lines).toEqual(['ready', 'INT 1'])
  })

  test('by hand says whether it was sent', async () => {
    expect(await interrupt(place.dir, 'SIGINT')).toBe(false)
    await startOnce(place.dir, shell('exec sleep 60'))
    await until(isState('running'))
    expect(await interrupt(place.dir, 'SIGTERM')).toBe(true)
    await until(isState('ended'))
    expect(await look(place.dir)).toEqual({ state: 'ended', exitCode: 143 })
    expect(await interrupt(place.dir, 'SIGTERM')).toBe(false)
  })

  test('before anything was begun keeps it from beginning', async () => {
    const end = await runOnce(place.dir, shell('echo ran >count'), { signal: AbortSignal.abort() })
    expect(end).toMatchObject({ end: 'never-started' })
    expect(existsSync(join(place.root, 'count'))).toBe(false)
  })

  test('SIGKILL of the group leaves a process that vanished', async () => {
    const waiting = runOnce(place.dir, shell(patient))
    await until(isState('running'))
    expect(await interrupt(place.dir, 'SIGKILL')).toBe(true)
    expect(await waiting).toMatchObject({ end: 'vanished' })
    expect(await look(place.dir)).toMatchObject({ state: 'vanished' })
  })
})
