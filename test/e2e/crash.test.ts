import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyDoor, openPlanDoor, type PlanDoor } from './doors.ts'
import { talkIn } from './talk.ts'
import { type Crew, startWorld, type World } from './world.ts'

let world: World
let door: PlanDoor
let worker: Crew
let adopting: ReturnType<typeof applyDoor>
let orphaned: ReturnType<typeof applyDoor>
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  door = await openPlanDoor()
  world = await startWorld((dir) => {
    adopting = applyDoor(dir, 'adopting')
    orphaned = applyDoor(dir, 'orphaned')
    const environments = {
      adopted: { variables: { plan_door: door.address, apply_door: adopting.folder } },
      orphan: { variables: { apply_door: orphaned.folder } },
      waits: {},
    }
    return { workers: 0, environments }
  })
  talk = talkIn(world, 'C00ROOM')
  worker = await world.startWorker()
})
afterAll(async () => {
  door.close()
  await world.stop()
})

test('a worker killed while it plans: another one, on another machine, plans again', async () => {
  const run = await talk.begin('alice', 'tiny up adopted small')
  await door.knocked()
  await worker.kill9()
  worker = await world.startWorker('work-2')
  door.open()
  const waiting = await talk.sees(run, /\*waiting for approval\*/)
  expect(waiting).toMatch(/`terraform.plan` is started again; that does no harm/)
  expect(waiting).toContain('(attempt 2)')
  await talk.press('carol', 'judgment.approve', run)
  await adopting.knocked()
  await talk.sees(run, /\*applying\*/)
})

test('a worker killed while it applies: a second one on the machine adopts what runs, and it is applied once', async () => {
  const [run] = await openRuns()
  if (!run) throw new Error('The test before left no execution.')
  await worker.kill9()
  worker = await world.startWorker('work-2')
  const adopted = () => worker.log().includes('"msg":"stage adopted"')
  await expect.poll(adopted, { timeout: 40_000 }).toBe(true)
  adopting.open()
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toContain('3 done')
  expect(over.match(/Approved by/g)).toHaveLength(1)
  expect(adopting.applies()).toBe(1)
})

test('a worker killed while it applies, and nobody there to adopt: unknown is said, and the true end once it is known', async () => {
  const run = await talk.begin('alice', 'tiny up orphan small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await orphaned.knocked()
  await worker.kill9()
  const elsewhere = await world.startWorker('work-3')
  const unknown = await talk.sees(run, /^❓ \*unknown\*/)
  expect(unknown).toContain('The lock on orphan is kept')
  expect(await talk.buttons(run)).not.toContain('execution.cancel')
  expect((await talk.closing(run)).text).toMatch(/^❓ unknown: .*<@U01ALICE>/)
  const queued = await talk.begin('bob', 'tiny down orphan')
  await talk.sees(queued, /\*queued\*/)

  orphaned.open()
  worker = await world.startWorker('work-2')
  expect(await talk.sees(run, /^✅ \*succeeded\*/)).toContain('3 done')
  expect(orphaned.applies()).toBe(1)
  await talk.sees(queued, /\*waiting for approval\*/)
  const told = (await talk.thread(run)).map(({ text }) => text).filter((text) => text.includes('<@U01ALICE>'))
  expect(told).toEqual([expect.stringMatching(/^❓ unknown/), expect.stringMatching(/^✅ succeeded/)])
  await elsewhere.stop()
})

test('a bot killed while somebody has to approve: the next one takes the click on the same message', async () => {
  const run = await talk.begin('alice', 'tiny up waits small')
  await talk.sees(run, /\*waiting for approval\*/)
  const { ts } = await talk.message(run)
  for (const bot of world.bots) await bot.kill9()
  const bot = await world.startBot()
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
  expect((await talk.message(run)).ts).toBe(ts)

  // And where Slack itself has forgotten the message, as local-slack does, it is posted anew.
  const lost = await talk.begin('alice', 'tiny down waits')
  await talk.sees(lost, /\*waiting for approval\*/)
  await bot.kill9()
  await world.slack.restart()
  await world.startBot()
  await talk.sees(lost, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', lost)
  await talk.sees(lost, /^✅ \*succeeded\*/)
})

/** The executions that are not over, as the bot lists them. */
async function openRuns(): Promise<{ id: string }[]> {
  const list = await talk.type('alice', 'runs list --open')
  return [...list.matchAll(/^`(\w+)`/gm)].map(([, id = '']) => ({ id }))
}
