import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyDoor } from './doors.ts'
import { channels } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let door: ReturnType<typeof applyDoor>

beforeAll(async () => {
  world = await startWorld((dir) => {
    door = applyDoor(dir, 'unsaved')
    return { environments: { unsaved: { variables: { apply_door: door.folder } } } }
  })
})
afterAll(() => world.stop())

test('Consul killed in an apply: the state that could not be saved is pushed by a button before anything else can be done', async () => {
  const talk = talkIn(world, channels[0] ?? '')
  const run = await talk.begin('alice', 'tiny up unsaved small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await door.knocked()
  await world.consul.kill9()
  door.open()

  const unknown = await talk.sees(run, /^❓ \*unknown\*[\s\S]*could not save the state/)
  expect(unknown).toContain('The lock on unsaved is kept')
  await world.consul.restart()
  await expect.poll(() => talk.buttons(run), { timeout: 90_000 }).toContain('unknown.look')
  if (!(await talk.buttons(run)).includes('unknown.push')) await talk.press('bob', 'unknown.look', run)
  await talk.sees(run, /errored\.tfstate`: push that before anything else/)
  expect(await talk.buttons(run)).toEqual(expect.not.arrayContaining(['unknown.plan']))

  await talk.press('bob', 'unknown.push', run)
  await talk.sees(
    run,
    /The saved state was pushed\.[\s\S]*is \*not locked\*|is \*not locked\*[\s\S]*The saved state was pushed\./,
  )
  await talk.press('alice', 'unknown.plan', run)
  await talk.sees(run, /\*succeeded\*|\*waiting for approval\*/)
  expect(door.applies()).toBe(1)
}, 200_000)
