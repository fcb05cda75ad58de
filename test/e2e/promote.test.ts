import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, waitFor } from '../../examples/demo/parts.ts'
import { openReports, promotionSite, repositoryIn, sendHook, stateOf } from './promotions.ts'
import { channels } from './site.ts'
import { type Run, talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let port: number
let repository: Awaited<ReturnType<typeof repositoryIn>>
let reports: Awaited<ReturnType<typeof openReports>>
const room = (at: number) => talkIn(world, channels[at] ?? '')

beforeAll(async () => {
  ;[port, reports] = await Promise.all([freePort(), openReports()])
  world = await startWorld(promotionSite(reports.url, port))
  repository = await repositoryIn(world.dir)
})
afterAll(async () => {
  reports?.close()
  await world?.stop()
})

/** The execution of a later step, as the message of the first one names it. */
async function stepOf(talk: ReturnType<typeof talkIn>, run: Run, environment: string): Promise<Run> {
  const words = await talk.sees(run, new RegExp(`→ \\S+ ${environment} [^→]*(\`\\w+\`|\\|\\w+>)`))
  const id = new RegExp(`${environment} [^→]*?(?:\`|\\|)([a-z0-9]{8})(?:\`|>)`).exec(words)?.[1]
  if (!id) throw new Error(`No execution for ${environment} in:\n${words}`)
  return { id }
}

const reported = (first: string, count: number) =>
  waitFor(
    () => {
      const found = reports.taken.filter(({ started }) => started === first)
      // One that was refused comes again later, so that they need not come in order.
      return found.length >= count ? found.toSorted((a, b) => Number(a.step) - Number(b.step)) : undefined
    },
    { what: `${count} reports of ${first}`, within: '60s' },
  )

test('from chat: scratch and back, sandbox, and production is asked for, all with the very commit', async () => {
  const talk = room(1)
  const commit = await repository.pushed('one')
  reports.refuse(1)
  const run = await talk.begin('alice', 'promote web --ref main')
  await talk.sees(run, /^✅ \*succeeded\*/)
  expect(await stateOf(world, 'scratch')).toEqual([])
  const production = await stepOf(talk, run, 'production')
  const waiting = await talk.sees(production, /^✋ \*waiting for approval\*/)
  expect(waiting).toMatch(
    /Step 3 of 3 of the promotion `web`: ✅ scratch succeeded .* → ✅ sandbox succeeded .* → ✋ \*production\*/,
  )
  expect(waiting).toContain(`commit \`${commit.slice(0, 7)}\``)
  expect(await stateOf(world, 'sandbox')).toEqual(['item', 'one'])
  expect(await talk.words(run)).toMatch(
    /Step 1 of 3 .*✅ \*scratch\* succeeded → ✅ sandbox succeeded .* → ✋ production waiting for approval/,
  )
  // Whoever asked for it does not approve it, and what came to the branch meanwhile is not what was tried.
  expect(await talk.answered('alice', () => talk.press('alice', 'judgment.approve', production))).toMatch(
    /somebody else/,
  )
  await repository.pushed('later')
  await talk.press('carol', 'judgment.approve', production)
  await talk.sees(production, /^✅ \*succeeded\*/)
  expect(await stateOf(world, 'production')).toEqual(['item', 'one'])
  expect(await reported(run.id, 3)).toMatchObject([
    { promotion: 'web', step: 1, steps: 3, environment: 'scratch', status: 'succeeded', commit, last: false },
    { step: 2, environment: 'sandbox', status: 'succeeded', commit, last: false },
    { step: 3, environment: 'production', status: 'succeeded', commit, last: true },
  ])
})

test('by webhook: who wrote the commit cannot approve it, and a second delivery starts nothing', async () => {
  const talk = room(0)
  const commit = await repository.pushed('two')
  const body = { commit, author: 'Bob@example.com' }
  const now = Date.now()
  const answer = await sendHook(port, body, now)
  expect(answer).toMatchObject({ status: 202 })
  expect(await sendHook(port, body, now)).toMatchObject({ status: 409, execution: answer.execution })
  const run = { id: answer.execution ?? '' }
  expect(await talk.sees(run, /asked by webhook:ci/)).toContain(`promote web --ref ${commit}`)
  const production = await stepOf(talk, run, 'production')
  expect(await talk.sees(production, /^✋/)).toMatch(/webhook:ci, <@U02BOB> asked for it and cannot approve it/)
  expect(await talk.answered('bob', () => talk.press('bob', 'judgment.approve', production))).toMatch(/somebody else/)
  await talk.type('carol', `runs cancel ${production.id}`)
  const over = await talk.sees(production, /^🚫 \*canceled\*/)
  expect(over).toMatch(/The promotion stopped at production\./)
  expect((await reported(run.id, 3)).at(-1)).toMatchObject({ step: 3, status: 'canceled', last: true })
})

test('an author whom nobody knows: whoever approves is told', async () => {
  const talk = room(0)
  const answer = await sendHook(port, { commit: await repository.pushed('three'), author: 'dora@example.com' })
  const production = await stepOf(talk, { id: answer.execution ?? '' }, 'production')
  const waiting = await talk.sees(production, /^✋/)
  expect(waiting).toMatch(/author of the commit, `dora@example.com`, is nobody whom the site knows/)
  await talk.press('carol', 'judgment.approve', production)
  await talk.sees(production, /^✅/)
})

test('a failure in sandbox ends it there', async () => {
  const talk = room(2)
  await repository.pushed('four', 'sandbox')
  const run = await talk.begin('alice', 'promote web')
  const sandbox = await stepOf(talk, run, 'sandbox')
  const failed = await talk.sees(sandbox, /^❌ \*failed\*/)
  expect(failed).toMatch(/The promotion stopped at sandbox\. Nothing was done in production\./)
  expect(await talk.sees(run, /❌ sandbox failed/)).toMatch(/▫️ production\n?.*\n?The promotion stopped at sandbox/)
  expect((await reported(run.id, 2)).at(-1)).toMatchObject({
    step: 2,
    environment: 'sandbox',
    status: 'failed',
    last: true,
  })
  expect(await stateOf(world, 'production')).not.toContain('four')
})

test('a failure in scratch leaves nothing there and goes no further', async () => {
  const talk = room(3)
  await repository.pushed('five', 'scratch')
  const run = await talk.begin('alice', 'promote web')
  const failed = await talk.sees(run, /^❌ \*failed\*/)
  expect(failed).toMatch(/`clean\.apply` succeeded/)
  expect(failed).toMatch(/The promotion stopped at scratch\. Nothing was done in sandbox and production\./)
  expect(await stateOf(world, 'scratch')).toEqual([])
})

test('a folder: its version goes through, approvals where the site does not do without', async () => {
  const talk = room(4)
  const run = await talk.begin('alice', 'promote folder --version 1.1')
  for (const _ of ['apply', 'destroy']) {
    await talk.sees(run, /^✋ \*waiting for approval\*/)
    await talk.press('carol', 'judgment.approve', run)
    await talk.sees(run, /^(?!✋)/)
  }
  await talk.sees(run, /^✅ \*succeeded\*/)
  const production = await stepOf(talk, run, 'f-production')
  const waiting = await talk.sees(production, /^✋/)
  expect(waiting).toMatch(/1 to add/)
  expect(waiting).toContain('`release = 1.1`')
  await talk.press('carol', 'judgment.approve', production)
  await talk.sees(production, /^✅ \*succeeded\*/)
})

test('what cannot be promoted is refused before anything runs', async () => {
  const talk = room(5)
  expect(await talk.type('alice', 'promote wbe')).toMatch(
    /no value for `&lt;change&gt;`: expected one of `web`, `folder`/,
  )
  expect(await talk.type('alice', 'promote folder --ref main')).toMatch(/stack of f-scratch is a folder/)
  expect(await talk.type('alice', 'promote web --version 2')).toMatch(/takes no `--version`/)
  expect(await talk.type('alice', 'promote web --ref ../main')).toMatch(/expected a branch, a tag or a full commit id/)
  expect(await talk.type('eve', 'promote web')).toMatch(/You may not run `promote` on scratch/)
  expect(await talk.type('bob', 'promote web')).toMatch(/You may not run `promote`/)
})

test('kill -9 of bot and worker between two steps loses nothing, and begins nothing twice', async () => {
  const talk = room(6)
  await repository.pushed('six')
  const run = await talk.begin('alice', 'promote web')
  await talk.sees(run, /`destroy\.apply` running|`destroy\.plan` succeeded|\*succeeded\*/)
  await Promise.all([...world.bots, ...world.workers].map((each) => each.kill9()))
  await Promise.all([world.startBot(), world.startWorker()])
  const production = await stepOf(talk, run, 'production')
  await talk.sees(production, /^✋ \*waiting for approval\*/)
  const messages = (await talk.all()).filter(({ text }) => /promote web/.test(text) && !/is stored/.test(text))
  const ids = messages.flatMap(({ blocks = [] }) => /^execution-(\w+)-v/.exec(blocks[0]?.block_id ?? '')?.[1] ?? [])
  expect(new Set(ids).size).toBe(3)
  expect(ids).toHaveLength(3)
  await talk.press('carol', 'judgment.approve', production)
  await talk.sees(production, /^✅ \*succeeded\*/)
  expect(await stateOf(world, 'production')).toContain('six')
})
