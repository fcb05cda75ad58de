import { afterAll, beforeAll, expect, test } from 'vitest'
import { leftovers, nothing, openStacks, processes, type Stack, until, type Variables } from './stack.ts'

const slow = { boot_seconds: 15 }
let stacks: Awaited<ReturnType<typeof openStacks>>

beforeAll(async () => {
  stacks = await openStacks()
})

afterAll(() => stacks.close(), 60_000)

/** An apply that is under way: `happened` is true of it, and it is still running. */
async function applying(stack: Stack, variables: Variables, happened: () => boolean) {
  const { child } = await stack.begin(['apply', '-auto-approve'], variables)
  await until('the apply is in the middle', happened)
  return { pid: pidOf(child), ended: child }
}

/** Never 0, which would signal the tests themselves. */
function pidOf({ pid }: { pid?: number | undefined }): number {
  if (!pid) throw new Error('Terraform did not start.')
  return pid
}

const booting = (stack: Stack, name: string) => stack.instances()[name]?.port === undefined && name in stack.instances()
const up = (stack: Stack, name: string) => stack.instances()[name]?.port !== undefined

test.each([
  ['Terraform alone', (pid: number) => pid],
  ['the process group', (pid: number) => -pid],
])('SIGINT to %s in the middle of an apply, then down: nothing is left', { timeout: 60_000 }, async (whom, target) => {
  const stack = stacks.stackOf(`interrupt-${whom.replaceAll(' ', '-')}`)
  const variables = { app_count: 2, generator_count: 1, ...slow }
  const { pid, ended } = await applying(stack, variables, () => booting(stack, 'app-0') && booting(stack, 'app-1'))
  const ids = stack.ids()
  process.kill(target(pid), 'SIGINT')
  expect((await ended).exitCode).toBe(1)
  expect((await stack.destroy()).exitCode).toBe(0)
  expect(await leftovers(stack, ids)).toEqual(nothing)
})

test('SIGINT in the middle of a new version, then up again: every instance runs it once', {
  timeout: 60_000,
}, async () => {
  const stack = stacks.stackOf('interrupt-version')
  await stack.apply({ app_count: 2, generator_count: 0 })
  const next = { app_count: 2, generator_count: 0, image_version: '2.0' }
  const replaced = () => Object.values(stack.instances()).filter(({ version }) => version === '2.0').length === 2
  const { pid, ended } = await applying(stack, { ...next, ...slow }, replaced)
  const ids = stack.ids()
  process.kill(pid, 'SIGINT')
  await ended
  expect((await stack.apply(next)).exitCode).toBe(0)
  expect(Object.values(stack.instances()).map(({ version, port }) => [version, typeof port])).toEqual([
    ['2.0', 'number'],
    ['2.0', 'number'],
  ])
  expect(await processes(stack)).toHaveLength(2)
  await stack.destroy()
  expect(await leftovers(stack, ids)).toEqual(nothing)
})

// A killed Terraform's lock on its state lapses with its Consul session, in about 40 s: these tests wait side by side.
test.concurrent('SIGKILL of the first apply: what the state never held leaves by itself', {
  timeout: 120_000,
}, async () => {
  const stack = stacks.stackOf('kill-first')
  const { pid, ended } = await applying(
    stack,
    { app_count: 2, generator_count: 1, boot_seconds: 2 },
    () => up(stack, 'app-0') && up(stack, 'app-1') && booting(stack, 'generator-0'),
  )
  const ids = stack.ids()
  process.kill(pid, 'SIGKILL')
  await ended
  await until('instances leave', async () => (await processes(stack)).length === 0)
  expect((await stack.destroy()).exitCode).toBe(0)
  expect(await leftovers(stack, ids)).toEqual(nothing)
})

test.concurrent('SIGKILL of a resize: new instances leave, those before stay and can be taken down', {
  timeout: 120_000,
}, async () => {
  const stack = stacks.stackOf('kill-resize')
  await stack.apply({ app_count: 1, generator_count: 0 })
  const before = stack.instances()['app-0']
  const larger = { app_count: 3, generator_count: 0, ...slow }
  const { pid, ended } = await applying(stack, larger, () => booting(stack, 'app-1') && booting(stack, 'app-2'))
  const ids = stack.ids()
  process.kill(pid, 'SIGKILL')
  await ended
  await until('new instances leave', () => stack.ids().length === 1)
  expect((await leftovers(stack, ids)).services).toEqual([before?.id])
  expect(await processes(stack)).toHaveLength(1)
  expect(stack.instances()).toEqual({ 'app-0': before })
  expect((await stack.destroy()).exitCode).toBe(0)
  expect(await leftovers(stack, ids)).toEqual(nothing)
})

test.concurrent('SIGKILL of a down, then down again: nothing is left', { timeout: 120_000 }, async () => {
  const stack = stacks.stackOf('kill-down')
  await stack.apply({ app_count: 3, generator_count: 2 })
  const ids = stack.ids()
  const { child } = await stack.begin(['destroy', '-auto-approve'])
  await until('the first instance is gone', () => Object.keys(stack.instances()).length < 5)
  process.kill(pidOf(child), 'SIGKILL')
  await child
  expect((await stack.destroy()).exitCode).toBe(0)
  expect(await leftovers(stack, ids)).toEqual(nothing)
})
