import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leftovers, nothing, openStacks, processes, type Stack, until } from './stack.ts'

const small = { app_count: 2, generator_count: 1 }
let stacks: Awaited<ReturnType<typeof openStacks>>

beforeAll(async () => {
  stacks = await openStacks()
})

afterAll(() => stacks.close(), 60_000)

function pids(stack: Stack): Record<string, number> {
  return Object.fromEntries(Object.entries(stack.instances()).map(([name, { pid }]) => [name, pid]))
}

test('up, resize, new version and down: real instances, and nothing is left in the end', {
  timeout: 120_000,
}, async () => {
  const stack = stacks.stackOf('life')
  const { exitCode, text } = await stack.apply(small)
  expect(exitCode, text).toBe(0)
  const first = pids(stack)
  expect(Object.keys(first).sort()).toEqual(['app-0', 'app-1', 'generator-0'])
  for (const { id, pid, port, service, version } of Object.values(stack.instances())) {
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).json()).toEqual({ service, id, version, pid })
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${port}/nothing`)).status).toBe(404)
    expect((await stacks.consul.services())[id]).toMatchObject({ Service: service, Port: port, Tags: [version] })
  }
  await until('apps pass', async () => (await stacks.consul.passing('loadtest-app')) === 2)
  await until('generators pass', async () => (await stacks.consul.passing('loadtest-generator')) === 1)

  // Every command runs in a copy of its own, and the one that created them is gone.
  expect((await stack.run(['plan', '-detailed-exitcode'], small)).exitCode).toBe(0)

  const medium = { app_count: 4, generator_count: 2 }
  expect(await stack.planned(medium)).toEqual({
    'terraform_data.app[2]': 'create',
    'terraform_data.app[3]': 'create',
    'terraform_data.app_slot[2]': 'create',
    'terraform_data.app_slot[3]': 'create',
    'terraform_data.generator[1]': 'create',
    'terraform_data.generator_slot[1]': 'create',
  })
  await stack.apply(medium)
  expect(pids(stack)).toMatchObject(first)
  expect(Object.keys(pids(stack))).toHaveLength(6)
  const ids = stack.ids()

  await stack.apply({ app_count: 1, generator_count: 1 })
  expect(pids(stack)).toEqual({ 'app-0': first['app-0'], 'generator-0': first['generator-0'] })
  expect((await leftovers(stack, ids)).services).toHaveLength(2)

  const next = { app_count: 1, generator_count: 1, image_version: '2.0' }
  expect(await stack.planned(next)).toEqual({
    'terraform_data.app[0]': 'delete+create',
    'terraform_data.generator[0]': 'delete+create',
  })
  await stack.apply(next)
  expect(pids(stack)['app-0']).not.toBe(first['app-0'])
  expect(Object.values(stack.instances()).map(({ version }) => version)).toEqual(['2.0', '2.0'])
  expect(await processes(stack)).toHaveLength(2)
  expect(stack.ids().every((id) => ids.includes(id))).toBe(true)

  expect((await stack.destroy()).exitCode).toBe(0)
  expect(await leftovers(stack, ids)).toEqual(nothing)
  expect((await stack.destroy()).exitCode).toBe(0)
})

test('down works when instances have died and their files are gone', { timeout: 60_000 }, async () => {
  const stack = stacks.stackOf('dead')
  await stack.apply({ app_count: 3, generator_count: 0 })
  const ids = stack.ids()
  const { 'app-0': dead, 'app-1': bare } = stack.instances()
  if (!dead || !bare) throw new Error('Expected three instances.')
  process.kill(dead.pid, 'SIGKILL')
  for (const file of ['main.mjs', 'record.json']) rmSync(join(stack.runDir, bare.id, file))
  await stack.destroy()
  expect(await leftovers(stack, ids)).toEqual(nothing)
})

test('a pid that belongs to somebody else by now is left alone', { timeout: 60_000 }, async () => {
  const stack = stacks.stackOf('reuse')
  await stack.apply({ app_count: 1, generator_count: 0 })
  const ids = stack.ids()
  const instance = stack.instances()['app-0']
  if (!instance) throw new Error('Expected an instance.')
  process.kill(instance.pid, 'SIGKILL')
  const bystander = spawn('sleep', ['60'])
  const record = join(stack.runDir, instance.id, 'record.json')
  writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), pid: bystander.pid }))
  await stack.destroy()
  expect(await leftovers(stack, ids)).toEqual(nothing)
  expect(bystander.signalCode).toBeNull()
  bystander.kill()
})

test('instances whose run_dir is cleaned away leave Consul and end', { timeout: 60_000 }, async () => {
  const stack = stacks.stackOf('cleaned')
  await stack.apply(small)
  const ids = stack.ids()
  rmSync(stack.runDir, { recursive: true })
  await until('instances leave', async () => {
    const { processes, services } = await leftovers(stack, ids)
    return processes.length === 0 && services.length === 0
  })
  expect((await stack.destroy()).exitCode).toBe(0)
  expect(await leftovers(stack, ids)).toEqual(nothing)
})

test('a workspace of its own and an address without a scheme are understood', { timeout: 60_000 }, async () => {
  const address = stacks.consul.address.replace('http://', '')
  const stack = stacks.stackOf('workspace', { TF_WORKSPACE: 'bay-1', CONSUL_HTTP_ADDR: address })
  await stack.apply(small)
  const ids = stack.ids()
  expect(await stacks.consul.state(`${stack.statePath}-env:bay-1`)).toBeDefined()
  await setTimeout(1500) // the instances look into the state now, and must find themselves there
  expect(await processes(stack)).toHaveLength(3)
  await stack.destroy()
  expect(await leftovers(stack, ids)).toEqual(nothing)
})

test('without Consul the start says so, in reasonable time', { timeout: 60_000 }, async () => {
  const dir = join(tmpdir(), 'groundcrew-stack-never', 'app-0')
  const program = fileURLToPath(new URL('../../examples/stacks/loadtest/instance/main.mjs', import.meta.url))
  const env = { INSTANCE_DIR: dir, INSTANCE: '{}', CONSUL_HTTP_ADDR: '127.0.0.1:9' }
  const { exitCode, stderr } = await execa('node', [program, 'start'], { env, reject: false })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('Consul at http://127.0.0.1:9 does not answer')
  expect(existsSync(dir)).toBe(false)
})

test('a broken image fails the apply, says why, and starts no generators', { timeout: 60_000 }, async () => {
  const stack = stacks.stackOf('broken')
  const { exitCode, text } = await stack.apply({ ...small, image_version: 'broken' })
  expect(exitCode).toBe(1)
  expect(text).toContain('Image broken does not boot')
  expect(text).not.toContain('terraform_data.generator[0]: Creating')
  expect(await processes(stack)).toEqual([])
  expect((await stack.apply(small)).exitCode).toBe(0)
  const ids = stack.ids()
  await stack.destroy()
  expect(await leftovers(stack, ids)).toEqual(nothing)
})

test('a count below zero, half an instance or a relative run_dir is refused', { timeout: 60_000 }, async () => {
  const stack = stacks.stackOf('refused')
  for (const wrong of [{ app_count: -1 }, { generator_count: 0.5 }, { run_dir: 'here' }, { image_version: '' }]) {
    expect((await stack.run(['plan'], { ...small, ...wrong })).exitCode).toBe(1)
  }
})
