import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appImage } from '../fixtures/app-image.ts'
import { nothing, openStacks, processes, type Stack, until } from './stack.ts'

let world: Awaited<ReturnType<typeof openStacks>>
let stack: Stack

beforeAll(async () => {
  world = await openStacks('web')
  const images = join(world.root, 'images')
  for (const [version, broken] of [
    ['1.0', ''],
    ['2.0', ''],
    ['3.0', 'deploy'],
  ] as const)
    appImage(images, version, broken)
  stack = world.stackOf('web', { TF_VAR_image_dir: images })
})
afterAll(() => world.close())

type Entry = {
  Service: { ID: string; Address: string; Port: number; Tags: string[]; Meta: { version: string } }
  Checks: { CheckID: string; Status: string }[]
}

async function entries(passing = false): Promise<Entry[]> {
  return (await (
    await fetch(`${world.consul.address}/v1/health/service/web${passing ? '?passing' : ''}`)
  ).json()) as Entry[]
}
const ids = async (version: string) =>
  (await entries())
    .filter(({ Service }) => Service.Meta.version === version)
    .map(({ Service }) => Service.ID)
    .sort()

/** What the apps themselves say, asked where Consul says they are. */
async function versions(): Promise<string[]> {
  const found = await entries()
  const said = await Promise.all(
    found.map(async ({ Service }) => (await fetch(`http://${Service.Address}:${Service.Port}/`)).json()),
  )
  return said.map(({ version }: { version: string }) => version).sort()
}

const records = () => globSync(`${stack.runDir}/*/*/record.json`).map((file) => JSON.parse(readFileSync(file, 'utf8')))

test('a version that is live runs the app of its image and is in service', async () => {
  expect((await stack.apply({ live_version: '1.0' })).exitCode).toBe(0)
  expect(await versions()).toEqual(['1.0', '1.0'])
  await until('two pass', async () => (await world.consul.passing('web')) === 2)
  expect((await entries()).map(({ Service }) => Service.Tags)).toEqual([['1.0'], ['1.0']])
})

test('the next version stands beside it, out of service, with healthy checks of its own', async () => {
  const before = await ids('1.0')
  expect((await stack.apply({ live_version: '1.0', next_version: '2.0' })).exitCode).toBe(0)
  expect(await ids('1.0')).toEqual(before)
  expect(await versions()).toEqual(['1.0', '1.0', '2.0', '2.0'])
  const next = (await entries()).filter(({ Service }) => Service.Meta.version === '2.0')
  expect(next.every(({ Checks }) => Checks.some(({ CheckID }) => CheckID.startsWith('_service_maintenance:')))).toBe(
    true,
  )
  expect((await entries(true)).map(({ Service }) => Service.Meta.version)).toEqual(['1.0', '1.0'])
})

test('the next version becomes live: nothing of it changes, and only the old one is deleted', async () => {
  const before = await ids('2.0')
  expect(await stack.planned({ live_version: '2.0' })).toEqual({
    'terraform_data.slot["1.0/0"]': 'delete',
    'terraform_data.slot["1.0/1"]': 'delete',
    'terraform_data.web["1.0/0"]': 'delete',
    'terraform_data.web["1.0/1"]': 'delete',
  })
  expect((await stack.apply({ live_version: '2.0' })).exitCode).toBe(0)
  expect(await ids('1.0')).toEqual([])
  expect(await ids('2.0')).toEqual(before)
  expect(records()).toHaveLength(2)
})

test('an instance that is made anew is there before the old one goes, and its slot stays', async () => {
  const before = await ids('2.0')
  let least = 2
  let over = false
  const watching = (async () => {
    while (!over) {
      least = Math.min(least, (await ids('2.0')).length)
      await sleep(20)
    }
  })()
  const made = await stack.run(['apply', '-auto-approve', '-replace=terraform_data.web["2.0/0"]'], {
    live_version: '2.0',
  })
  over = true
  await watching
  expect(made.text).toMatch(/1 added, 0 changed, 1 destroyed/)
  expect(least).toBe(2)
  const after = await ids('2.0')
  expect(after).toHaveLength(2)
  expect(after.filter((id) => before.includes(id))).toHaveLength(1)
  expect(records()).toHaveLength(2)
})

test('an app that is sick in service is started all the same: its check says so', async () => {
  expect((await stack.apply({ live_version: '2.0', next_version: '3.0' })).exitCode).toBe(0)
  const checks = async () =>
    (await entries())
      .filter(({ Service }) => Service.Meta.version === '3.0')
      .flatMap(({ Checks }) => Checks.filter(({ CheckID }) => CheckID.endsWith('-http')))
  await sleep(1500) // long enough for its first checks
  expect((await checks()).map(({ Status }) => Status)).toEqual(['critical', 'critical'])
})

test('an image that was never baked fails the apply, leaves nothing of it, and the live version alone', async () => {
  await stack.apply({ live_version: '2.0' })
  const { exitCode, text } = await stack.apply({ live_version: '2.0', next_version: '9.9' })
  expect(exitCode).toBe(1)
  expect(text).toContain('bake version 9.9 first')
  expect(await versions()).toEqual(['2.0', '2.0'])
  expect((await stack.apply({ live_version: '2.0' })).exitCode).toBe(0)
})

test('a new run_dir is for new instances only; those that run keep theirs', async () => {
  const elsewhere = join(world.root, 'elsewhere')
  expect(await stack.planned({ live_version: '2.0', run_dir: elsewhere })).toEqual({})
})

test('where what kept an app running is killed, the destroy still ends the app', async () => {
  const [first] = records()
  process.kill(first.pid, 'SIGKILL')
  expect((await stack.destroy()).exitCode).toBe(0)
  await until('the app has ended', () => !existsSync(`/proc/${first.app.pid}`))
  expect({
    processes: await processes(stack),
    services: await entries(),
    resources: (await world.consul.state(stack.statePath))?.resources ?? [],
    files: existsSync(stack.runDir),
  }).toEqual(nothing)
})
