import { execFile } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { lives, machineLives, nameWorker, startHeartbeat } from '../../src/engine/workers.ts'
import { silent, until, useRedis } from './redis.ts'

const here = useRedis()
const workDir = () => join(here.dir, 'work')
const root = join(import.meta.dirname, '../..')

describe('the name of a worker', () => {
  test('is its own; the machine is that of its work folder', async () => {
    const [one, two] = [await nameWorker(workDir(), 'host1'), await nameWorker(workDir(), 'host1')]
    const elsewhere = await nameWorker(join(here.dir, 'other'), 'host1')
    expect(one.id).not.toBe(two.id)
    expect(one.machine).toBe(two.machine)
    expect(elsewhere.machine).not.toBe(one.machine)
    expect((await stat(workDir())).mode & 0o777).toBe(0o700)
  })

  test('is of one machine for fifty workers that begin at once, none of which reads half an id', async () => {
    const names = await Promise.all(Array.from({ length: 50 }, () => nameWorker(workDir(), 'host1')))
    expect(new Set(names.map(({ machine }) => machine)).size).toBe(1)
    expect(names[0]?.machine).toMatch(/^[0-9a-f-]{36}$/)
    expect(await readdir(workDir())).toEqual(['machine-id'])
  })

  test('is of one machine for processes that begin at once', async () => {
    const url = JSON.stringify(new URL('../../src/engine/workers.ts', import.meta.url).href)
    const code = `const { nameWorker } = await import(${url})
      process.stdout.write((await nameWorker(process.argv[1], 'host1')).machine)`
    const begin = () => promisify(execFile)('node', ['--input-type=module', '-e', code, workDir()], { cwd: root })
    const said = await Promise.all(Array.from({ length: 4 }, begin))
    expect(new Set(said.map(({ stdout }) => stdout)).size).toBe(1)
    expect(said[0]?.stdout).toBe(await readFile(join(workDir(), 'machine-id'), 'utf8'))
  })

  test('is refused where the id was lost, rather than being that of nobody', async () => {
    await nameWorker(workDir(), 'host1')
    await writeFile(join(workDir(), 'machine-id'), '')
    await expect(nameWorker(workDir(), 'host1')).rejects.toThrow(/machine-id is empty. Delete it/)
  })
})

describe('a heartbeat', () => {
  const worker = { id: 'host1-1-a', machine: 'm1', host: 'host1', labels: ['network=hub'] }
  const alive = () => lives(here.redis, here.keys, worker.id)
  const machineAlive = () => machineLives(here.redis, here.keys, worker.machine)

  test('says that the worker and its machine live, until it stops', async () => {
    expect([await alive(), await machineAlive()]).toEqual([false, false])
    const heart = startHeartbeat(here.redis, here.keys, worker, 60_000, silent)
    await heart.first
    expect([await alive(), await machineAlive()]).toEqual([true, true])
    await heart.stop()
    expect(await alive()).toBe(false)
  })

  test('lapses by itself when nobody stops it', async () => {
    const heart = startHeartbeat(here.redis, here.keys, worker, 60_000, silent)
    await heart.first
    expect(await here.redis.pttl(here.keys.worker(worker.id))).toBeGreaterThan(0)
    await heart.stop()
    const dying = startHeartbeat(here.redis, here.keys, { ...worker, id: 'host1-2-b' }, 1, silent)
    await dying.first
    await until(async () => !(await lives(here.redis, here.keys, 'host1-2-b')))
    await dying.stop()
  })

  test('goes on while it lives', async () => {
    const heart = startHeartbeat(here.redis, here.keys, worker, 600, silent)
    await heart.first
    await here.redis.del(here.keys.worker(worker.id))
    await until(alive)
    await heart.stop()
    expect(await alive()).toBe(false)
  })

  test('of one of two workers of a machine leaves the machine alive', async () => {
    const hearts = ['a', 'b'].map((id) => startHeartbeat(here.redis, here.keys, { ...worker, id }, 60_000, silent))
    await Promise.all(hearts.map((heart) => heart.first))
    await hearts[0]?.stop()
    expect([await lives(here.redis, here.keys, 'a'), await lives(here.redis, here.keys, 'b')]).toEqual([false, true])
    expect(await machineAlive()).toBe(true)
    await hearts[1]?.stop()
  })
})
