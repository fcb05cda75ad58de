import { appendFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channels, stacks } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld((dir) => {
    const stack = join(dir, 'edited')
    cpSync(stacks.tiny, stack, { recursive: true })
    return { environments: { state: {}, edited: { stack } } }
  })
})
afterAll(() => world.stop())

/** Somebody who works beside the bot, on the same backend. */
async function applyByHand(environment: string, items: number): Promise<void> {
  const cwd = join(world.dir, `by-hand-${environment}`)
  cpSync(stacks.tiny, cwd, { recursive: true })
  const env = { CONSUL_HTTP_ADDR: world.consul.url, CHECKPOINT_DISABLE: '1' }
  await execa('terraform', ['init', '-input=false', `-backend-config=path=test/${environment}`], { cwd, env })
  await execa('terraform', ['apply', '-input=false', '-auto-approve', `-var=items=${items}`], { cwd, env })
}

/** Two plans and two approvals: the first one fell. */
async function plannedAgain(room: number, environment: string, change: () => unknown): Promise<string> {
  const talk = talkIn(world, channels[room] ?? '')
  const run = await talk.begin('alice', `tiny up ${environment} medium`)
  await talk.sees(run, /\*waiting for approval\*/)
  const first = await talk.message(run)
  await change()
  await talk.press('carol', 'judgment.approve', run)
  const again = await talk.sees(run, /\*waiting for approval\*[\s\S]*\(attempt 2\)/)
  expect(again).toMatch(/Approved by <@U03CAROL>.*\(no longer counts: /)
  expect(again).toContain('Planned again:')
  expect(await talk.file(run, 'plan-2.txt')).toContain('Plan:')
  expect(await talk.answered('carol', () => talk.pressOn('carol', 'judgment.approve', first))).toMatch(
    /The plan was made anew since this button was drawn/,
  )
  await talk.press('bob', 'judgment.approve', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/Approved by <@U02BOB> at/)
  return again
}

describe.concurrent('a plan that no longer fits', () => {
  test('because the state was changed meanwhile is told, planned again and asked again', async () => {
    const again = await plannedAgain(0, 'state', () => applyByHand('state', 1))
    expect(again).toContain('The saved plan is stale')
    expect(again).toMatch(/1 to add/)
  })

  test('because the stack was changed meanwhile is told, planned again and asked again', async () => {
    const again = await plannedAgain(1, 'edited', () =>
      appendFileSync(join(world.dir, 'edited/main.tf'), '\nresource "terraform_data" "more" {}\n'),
    )
    expect(again).toContain('The stack was changed after the plan')
    expect(again).toMatch(/3 to add[\s\S]*terraform_data\.more/)
  })
})
