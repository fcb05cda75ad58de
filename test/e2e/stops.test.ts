import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPlanDoor, type PlanDoor } from './doors.ts'
import { channels, loadtest } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let door: PlanDoor
let late: PlanDoor

beforeAll(async () => {
  door = await openPlanDoor()
  late = await openPlanDoor()
  world = await startWorld({
    environments: {
      stuck: { variables: { late_door: late.address } },
      planned: { variables: { plan_door: door.address } },
      waits: {},
      slow: { ...loadtest, variables: { boot_seconds: 120 } },
      broken: { ...loadtest, variables: { image_version: 'broken' } },
    },
  })
})
afterAll(async () => {
  door.close()
  late.close()
  await world.stop()
})

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

/** What Consul holds of the load-test stack under a version. */
async function registered(service: string): Promise<unknown[]> {
  return (await fetch(`${world.consul.url}/v1/health/service/${service}`)).json() as Promise<unknown[]>
}

describe.concurrent('a stop', () => {
  test('in the plan ends it, changes nothing and gives the lock back', async () => {
    const talk = talkNo(0)
    const run = await talk.begin('alice', 'tiny up planned small')
    await talk.sees(run, /\*planning\*/)
    await door.knocked()
    await talk.press('alice', 'execution.cancel', run)
    await talk.sees(run, /\*(canceling|canceled)\*/)
    door.open()
    const over = await talk.sees(run, /^🚫 \*canceled\*/)
    expect(over).toContain('Canceled by <@U01ALICE>')
    expect(over).not.toContain('waiting for approval')
    expect((await talk.closing(run)).text).toMatch(/^🚫 canceled.*<@U01ALICE>/)
    expect(await talk.words(run)).not.toContain('[Cancel]')
    const next = await talk.begin('alice', 'tiny up planned small')
    await talk.sees(next, /\*waiting for approval\*/)
  })

  test('while it waits for approval is one click of anybody who may cancel', async () => {
    const talk = talkNo(1)
    const run = await talk.begin('alice', 'tiny up waits small')
    await talk.sees(run, /\*waiting for approval\*/)
    expect(await talk.type('eve', `runs cancel ${run.id}`)).toMatch(/You may not run `runs cancel`/)
    expect(await talk.type('carol', `runs cancel ${run.id}`)).toContain('is canceled')
    expect(await talk.sees(run, /^🚫 \*canceled\*/)).toContain('Canceled by <@U03CAROL>')
    expect(await talk.buttons(run)).toEqual([])
  })

  test('in the apply is one interrupt: three lists, the state is saved, and down leaves nothing', async () => {
    const talk = talkNo(2)
    const run = await talk.begin('alice', 'tiny up slow small')
    await talk.sees(run, /\*waiting for approval\*/)
    await talk.press('carol', 'judgment.approve', run)
    await talk.sees(run, /\*applying\*[\s\S]*3 of 6 created/)
    await talk.press('bob', 'execution.cancel', run)
    const over = await talk.sees(run, /^🚫 \*canceled\*/)
    expect(over).toContain('Canceled by <@U02BOB>')
    expect(over).toMatch(/✅ Done\*: 3[\s\S]*❌ Failed or tainted\*: 2[\s\S]*▫️ Never started\*: 1/)
    expect(over).toContain('*Next*:')
    expect(await talk.file(run, 'apply-log.txt')).toContain('Creation complete')

    const down = await talk.begin('alice', 'tiny down slow')
    expect(await talk.sees(down, /\*waiting for approval\*/)).toMatch(/to destroy/)
    await talk.press('carol', 'judgment.approve', down)
    expect(await talk.sees(down, /^✅ \*succeeded\*/)).toContain('Destroyed: the state is empty.')
  })
})

test('by force is another action, for approvers only, and leaves an unknown end that somebody has to answer for', async () => {
  const talk = talkNo(4)
  const run = await talk.begin('alice', 'tiny up stuck small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await late.knocked()
  await talk.press('alice', 'execution.cancel', run)
  await talk.sees(run, /^🛑 \*canceling\*[\s\S]*\[Force stop\]/)
  expect(await talk.answered('alice', () => talk.press('alice', 'execution.force', run))).toMatch(
    /A forced stop may lose Terraform's state.*Only `approvers`/,
  )
  await talk.press('carol', 'execution.force', run)
  const unknown = await talk.sees(run, /^❓ \*unknown\*/)
  expect(unknown).toContain('The lock on stuck is kept')
  expect(unknown).toMatch(/❓ Nobody knows\*: 1[\s\S]*data\.terraform_remote_state\.late/)
  await expect.poll(() => talk.buttons(run), { timeout: 40_000 }).toContain('unknown.leave')
  expect(await talk.buttons(run)).not.toContain('execution.cancel')

  expect(await talk.type('alice', `runs cancel ${run.id}`)).toMatch(/Only `approvers` may leave it as it is/)
  expect(await talk.type('carol', `runs cancel ${run.id}`)).toContain('its lock is free')
  expect(await talk.sees(run, /left it as it is/)).toMatch(/^❓ \*unknown\*/)
  const next = await talk.begin('alice', 'tiny up stuck small')
  await talk.sees(next, /\*planning\*/)
})

test('an apply that fails is three lists with the next safe step, and down leaves nothing of it', async () => {
  const talk = talkNo(3)
  const run = await talk.begin('alice', 'tiny up broken small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(
    /✅ Done\*: 3[\s\S]*❌ Failed or tainted\*: 2[\s\S]*terraform_data\.app\[0\][\s\S]*▫️ Never started\*: 1\n`terraform_data\.generator\[0\]: will be created`/,
  )
  expect(over).toMatch(/\*Next\*: \S+/)
  const closing = await talk.closing(run)
  expect(closing.text).toMatch(/^❌ failed: .*<@U01ALICE>/)
  expect(await talk.file(run, 'apply-log.txt')).toContain('does not boot')

  const down = await talk.begin('alice', 'tiny down broken')
  await talk.sees(down, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', down)
  expect(await talk.sees(down, /^✅ \*succeeded\*/)).toContain('Destroyed: the state is empty.')
  expect(await registered('loadtest-app')).toEqual([])
  expect(existsSync(`${world.dir}/instances`)).toBe(false)
})
