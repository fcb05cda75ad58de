import { appendFileSync, cpSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { interrupt } from '../../src/tools/run.ts'
import { applyDoor } from './doors.ts'
import { stacks } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let door: ReturnType<typeof applyDoor>
let alone: ReturnType<typeof applyDoor>
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld((dir) => {
    door = applyDoor(dir, 'killed')
    alone = applyDoor(dir, 'alone')
    // A variable without a default: whoever looks or mends has to plan with what was approved.
    const stack = join(dir, 'strict')
    cpSync(stacks.tiny, stack, { recursive: true })
    appendFileSync(join(stack, 'main.tf'), 'variable "needed" {\n  type = string\n}\n')
    return {
      environments: {
        killed: { stack, variables: { apply_door: door.folder, needed: 'x' } },
        alone: { variables: { apply_door: alone.folder } },
      },
    }
  })
  talk = talkIn(world, 'C00ROOM')
}, 150_000)
afterAll(() => world.stop())

/** Terraform itself, with all that it started: as the kernel does it when memory runs out. */
async function killTerraform(run: { id: string }): Promise<void> {
  const [pid] = globSync(`work/runs/${run.id}/terraform.apply-*/process/pid`, { cwd: world.dir })
  expect(await interrupt(dirname(join(world.dir, pid ?? '')), 'SIGKILL')).toBe(true)
}

/** Terraform alone: as the kernel may do it, too. The shell around it records 137. */
function killTerraformAlone(run: { id: string }): void {
  const [file] = globSync(`work/runs/${run.id}/terraform.apply-*/process/pid`, { cwd: world.dir })
  const [wrapper] = readFileSync(join(world.dir, file ?? ''), 'utf8').split('\n')
  const [child] = readFileSync(`/proc/${wrapper}/task/${wrapper}/children`, 'utf8').trim().split(' ')
  process.kill(Number(child), 'SIGKILL')
}

/** By this flag Consul's clients know a key that is a lock (its Go package `api`, `LockFlagValue`). */
const LOCK_FLAG = 0x2ddccbc058a50c18n

/** Somebody applies from elsewhere: Consul's lock as Terraform's own backend takes it, with what it says about its holder. */
async function lockedBySomebodyElse(environment: string): Promise<() => Promise<void>> {
  const call = async (path: string, body: unknown) => {
    const response = await fetch(`${world.consul.url}/v1/${path}`, { method: 'PUT', body: JSON.stringify(body) })
    return (await response.json()) as never
  }
  const path = `kv/test/${environment}`
  const { ID } = (await call('session/create', { Name: 'laptop', LockDelay: '0s' })) as { ID: string }
  expect(await call(`${path}/.lock?acquire=${ID}&flags=${LOCK_FLAG}`, {})).toBe(true)
  const info = {
    ID,
    Operation: 'OperationTypeApply',
    Who: 'laptop@home',
    Version: '1.11.4',
    Created: new Date(),
    Path: '',
  }
  await call(`${path}/.lockinfo`, { ...info, Info: '' })
  return async () => {
    await call(`session/destroy/${ID}`, null)
  }
}

test('Terraform killed in an apply: it is looked at, the lock of the dead is released, and only a new approval applies again', async () => {
  const run = await talk.begin('alice', 'tiny up killed small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await door.knocked()
  await killTerraform(run)

  const unknown = await talk.sees(run, /^❓ \*unknown\*[\s\S]*Its process is \*gone\*/)
  expect(unknown).toContain('The lock on killed is kept')
  expect(unknown).toMatch(/is \*locked\*: `[0-9a-f-]{36}` by `.+`, `OperationTypeApply`/)
  expect(await talk.buttons(run)).toEqual(['unknown.unlock', 'unknown.look', 'unknown.leave', 'execution.extend'])

  const refused = await talk.answered('eve', () => talk.press('eve', 'unknown.unlock', run))
  expect(refused).toMatch(/Only `approvers` may do that: nobody knows/)
  await talk.press('bob', 'unknown.unlock', run)
  const free = await talk.sees(run, /is \*not locked\*[\s\S]*A new plan would now say: `\d+ to add/)
  expect(free).toMatch(/<@U02BOB> asked to release the state lock[\s\S]*The state lock was released/)
  expect(await talk.buttons(run)).toContain('unknown.plan')
  expect(door.applies()).toBe(1)

  const leave = await lockedBySomebodyElse('killed')
  await talk.press('bob', 'unknown.look', run)
  await talk.sees(run, /`laptop@home`.*not the lock of this apply/)
  expect(await talk.buttons(run)).toEqual(['unknown.look', 'unknown.leave', 'execution.extend'])
  await leave()
  await talk.press('bob', 'unknown.look', run)
  await talk.sees(run, /is \*not locked\*[\s\S]*A new plan would now say/)

  await talk.press('alice', 'unknown.plan', run)
  const again = await talk.sees(run, /\*waiting for approval\*/)
  expect(again).toMatch(/no longer counts/)
  expect(door.applies()).toBe(1)
  door.open()
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
  expect(door.applies()).toBe(2)
}, 150_000)

test('Terraform alone killed, so that its shell records an exit: nobody says that it failed', async () => {
  const run = await talk.begin('alice', 'tiny up alone small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await alone.knocked()
  killTerraformAlone(run)
  const unknown = await talk.sees(run, /^❓ \*unknown\*[\s\S]*Its process is \*gone\*/)
  expect(unknown).toContain('The lock on alone is kept')
  expect(await talk.buttons(run)).toContain('unknown.leave')
  alone.open()
  await talk.press('bob', 'unknown.leave', run)
  await talk.sees(run, /left it as it is/)
}, 150_000)
