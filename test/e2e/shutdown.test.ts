import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyDoor } from './doors.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let cut: ReturnType<typeof applyDoor>
let ended: ReturnType<typeof applyDoor>
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld((dir) => {
    cut = applyDoor(dir, 'cut')
    ended = applyDoor(dir, 'ended')
    return {
      environments: {
        cut: { variables: { apply_door: cut.folder } },
        ended: { variables: { apply_door: ended.folder } },
      },
    }
  })
  talk = talkIn(world, 'C00ROOM')
})
afterAll(() => world.stop())

async function applying(environment: string, door: ReturnType<typeof applyDoor>) {
  const run = await talk.begin('alice', `tiny up ${environment} small`)
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await door.knocked()
  return run
}

test('a worker that is told to stop lets an apply end that does so within the grace', async () => {
  const run = await applying('ended', ended)
  const gone = world.workers[0]?.stop()
  ended.open()
  await gone
  expect(await talk.sees(run, /^✅ \*succeeded\*/)).toContain('3 done')
})

test('a worker that is told to stop interrupts an apply that goes on, and its message says what was cut and why', async () => {
  const worker = await world.startWorker()
  const run = await applying('cut', cut)
  await worker.stop()
  const over = await talk.sees(run, /^🚫 \*canceled\*/)
  expect(over).toMatch(/1 done|Done\*: 1/)
  expect(over).toMatch(/since its worker was shut down/)
  expect(cut.applies()).toBe(1)

  await world.startWorker()
  const again = await talk.begin('bob', 'tiny down cut')
  await talk.sees(again, /\*waiting for approval\*/)
})
