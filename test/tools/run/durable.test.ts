import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { discard, look, runOnce, startOnce } from '../../../src/tools/run.ts'
import { env, isState, place, read, shell, testOnLinux, until, useTemporaryPlace } from '../../fixtures/durable.ts'

useTemporaryPlace()

describe('a durable process', () => {
  test('delivers its lines, its exit code and the paths of its output', async () => {
    const lines: string[] = []
    const end = await runOnce(
      place.dir,
      shell('echo one; echo "$1"; printf three; echo bad >&2; exit 7', 'zwölf $HOME'),
      {
        onLine: (line) => lines.push(line),
      },
    )
    expect(end).toEqual({ end: 'ended', exitCode: 7, out: join(place.dir, 'out'), err: join(place.dir, 'err') })
    expect(lines).toEqual(['one', 'zwölf $HOME', 'three'])
    expect(readFileSync(end.err, 'utf8')).toBe('bad\n')
  })

  test('keeps its directory private, and its environment unwritten', async () => {
    const spec = shell('umask')
    await runOnce(place.dir, { ...spec, env: { ...env, SECRET: 'hunter2' } })
    expect(statSync(place.dir).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(place.dir)) {
      expect(statSync(join(place.dir, name)).mode & 0o777, name).toBe(0o600)
      expect(readFileSync(join(place.dir, name), 'utf8'), name).not.toContain('hunter2')
    }
    expect(JSON.parse(readFileSync(join(place.dir, 'started'), 'utf8'))).toMatchObject({
      argv: spec.argv,
      cwd: place.root,
    })
  })

  testOnLinux(
    'runs in its directory, with its environment only, with no input and with the usual signals',
    async () => {
      const lines: string[] = []
      await runOnce(place.dir, shell('pwd; cat; env | grep -c VITEST; grep SigIgn /proc/self/status'), {
        onLine: (line) => lines.push(line),
      })
      expect(lines).toEqual([place.root, '0', 'SigIgn:\t0000000000000000'])
    },
  )

  test('is not a shell builtin, even if it is called like one', async () => {
    await mkdir(join(place.root, 'bin'))
    await symlink('/bin/sh', join(place.root, 'bin/echo'))
    const end = await runOnce(place.dir, {
      argv: ['echo', '-c', 'exit 9'],
      cwd: place.root,
      env: { PATH: join(place.root, 'bin') },
    })
    expect(end).toMatchObject({ end: 'ended', exitCode: 9 })
  })

  test('that cannot be found ends with 127 and says so in its errors', async () => {
    const end = await runOnce(place.dir, { argv: ['no-such-program', 'x'], cwd: place.root, env })
    expect(end).toMatchObject({ end: 'ended', exitCode: 127 })
    expect(readFileSync(end.err, 'utf8')).toContain('no-such-program')
  })

  test('in a directory that is missing was provably never started, and a later look agrees', async () => {
    await expect(startOnce(place.dir, { ...shell('true'), cwd: join(place.root, 'gone') })).rejects.toThrow(
      /Could not start/,
    )
    expect(await look(place.dir)).toEqual({ state: 'never-started' })
  })

  test('without any argument is refused before anything is written', async () => {
    await expect(startOnce(place.dir, { argv: [], cwd: place.root, env })).rejects.toThrow(/empty list/)
    expect(await look(place.dir)).toEqual({ state: 'absent' })
  })

  test('is not run again by whoever comes after its end', async () => {
    const spec = shell('echo ran >>count; exit 4')
    await runOnce(place.dir, spec)
    expect(await runOnce(place.dir, spec)).toMatchObject({ end: 'ended', exitCode: 4 })
    expect(read('count')).toBe('ran\n')
  })

  test('runs once when eight start it at the same time', async () => {
    const spec = shell('echo ran >>count; sleep 0.2; exit 5')
    const ends = await Promise.all(Array.from({ length: 8 }, () => runOnce(place.dir, spec)))
    expect(ends.map((end) => 'exitCode' in end && end.exitCode)).toEqual(Array(8).fill(5))
    expect(read('count')).toBe('ran\n')
  })

  test('tells how it stands at each step', async () => {
    expect(await look(place.dir)).toEqual({ state: 'absent' })
    await startOnce(place.dir, shell('while [ ! -e go ]; do sleep 0.05; done'))
    const running = await until(async () => {
      const now = await look(place.dir)
      return now.state === 'running' && now
    })
    expect(running.since).toBeGreaterThan(0)
    await writeFile(join(place.root, 'go'), '')
    await until(isState('ended'))
    expect(await look(place.dir)).toEqual({ state: 'ended', exitCode: 0 })
  })
})

describe('discarding', () => {
  test('removes everything after the end, and twice is no harm', async () => {
    await runOnce(place.dir, shell('true'))
    await discard(place.dir)
    await discard(place.dir)
    expect(readdirSync(join(place.root, 'runs'))).toEqual([])
    expect(await look(place.dir)).toEqual({ state: 'absent' })
  })

  test('is refused while the program runs', async () => {
    await startOnce(place.dir, shell('exec sleep 60'))
    await until(isState('running'))
    await expect(discard(place.dir)).rejects.toThrow(/found one that is running/)
  })

  test('lets the same directory be used again', async () => {
    await runOnce(place.dir, shell('exit 1'))
    await discard(place.dir)
    expect(await runOnce(place.dir, shell('exit 2'))).toMatchObject({ exitCode: 2 })
  })
})
