import { appendFileSync, cpSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { interrupt } from '../../src/tools/run.ts'
import { applyDoor } from './doors.ts'
import { stacks } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let door: ReturnType<typeof applyDoor>
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld((dir) => {
    door = applyDoor(dir, 'killed')
    // A variable without a default: whoever looks or mends has to plan with what was approved.
    const stack = join(dir, 'strict')
    cpSync(stacks.tiny, stack, { recursive: true })
    appendFileSync(join(stack, 'main.tf'), 'variable "needed" {\n  type = string\n}\n')
    return { environments: { killed: { stack, variables: { apply_door: door.folder, needed: 'x' } } } }
  })
  talk = talkIn(world, 'C00ROOM')
}, 150_000)
afterAll(() => world.stop())

/** Terraform itself, with all that it started: as the kernel does it when memory runs out. */
async function killTerraform(run: { id: string }): Promise<void> {
  const [pid] = globSync(`work/runs/${run.id}/terraform.apply-*/process/pid`, { cwd: world.dir })
  expect(await interrupt(dirname(join(world.dir, pid ?? '')), 'SIGKILL')).toBe(true)
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
  expect(free).toMatch(/<@U02BOB> released the state lock/)
  expect(await talk.buttons(run)).toContain('unknown.plan')
  expect(door.applies()).toBe(1)

  await talk.press('alice', 'unknown.plan', run)
  const again = await talk.sees(run, /\*waiting for approval\*/)
  expect(again).toMatch(/no longer counts/)
  expect(door.applies()).toBe(1)
  door.open()
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
  expect(door.applies()).toBe(2)
}, 150_000)
