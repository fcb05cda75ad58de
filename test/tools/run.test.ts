import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { fromProc } from '../../src/tools/run/identity.ts'
import { run } from '../../src/tools/run.ts'
import { env, place, read, until, useTemporaryPlace } from '../fixtures/durable.ts'

useTemporaryPlace()

describe('a short command', () => {
  test('answers with exit code, output and errors, and does not throw for a failure', async () => {
    const result = await run(['sh', '-c', 'echo out; echo err >&2; exit 3'], { cwd: place.root, env })
    expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
  })

  test('sees the environment it was given and nothing of ours, and no input', async () => {
    const { stdout } = await run(['sh', '-c', 'cat; env'], { cwd: place.root, env: { ...env, ONLY: 'this' } })
    expect(stdout).toContain('ONLY=this')
    expect(stdout).not.toContain('VITEST')
  })

  test('takes its arguments as they are, never as shell text', async () => {
    const { stdout } = await run(['printf', '%s|', '$(id)', '`id`', "a b'"], { cwd: place.root, env })
    expect(stdout).toBe("$(id)|`id`|a b'|")
  })

  test('that is not on the PATH is told to the person with its name and the PATH', async () => {
    const missing = run(['no-such-program'], { cwd: place.root, env: { PATH: '/usr/bin' } })
    await expect(missing).rejects.toThrow(UserError)
    await expect(missing).rejects.toThrow(/`no-such-program`.*not on the PATH \(\/usr\/bin\)/)
  })

  test('that may not be executed is told to the person', async () => {
    await writeFile(join(place.root, 'plain'), 'text', { mode: 0o600 })
    await expect(run([join(place.root, 'plain')], { cwd: place.root, env })).rejects.toThrow(/may not be executed/)
  })

  test('in a directory that is missing is our error and names the directory', async () => {
    const lost = run(['true'], { cwd: join(place.root, 'gone'), env })
    await expect(lost).rejects.toThrow(/directory .*gone is not there/)
    await expect(lost).rejects.not.toThrow(UserError)
  })

  test('is killed with all of its group when its time is over', async () => {
    const slow = run(['sh', '-c', 'sleep 60 & echo $! >pid; wait'], { cwd: place.root, env, timeout: 300 })
    await expect(slow).rejects.toThrow(/did not end within 300 ms/)
    await until(async () => (await fromProc(Number(read('pid')))) === undefined)
  })

  test('can be called off', async () => {
    const off = new AbortController()
    const slow = run(['sleep', '60'], { cwd: place.root, env, signal: off.signal })
    off.abort()
    await expect(slow).rejects.toThrow(/called off/)
  })

  test('that dies of a signal has the exit code a shell would show', async () => {
    expect(await run(['sh', '-c', 'kill -9 $$'], { cwd: place.root, env })).toMatchObject({ exitCode: 137 })
  })
})
