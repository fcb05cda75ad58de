import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { register, report } from '../consul.ts'
import { type AlertWorld, alertsIn, count, startAlertWorld } from './alerts.ts'
import type { Crew } from './world.ts'

let world: AlertWorld
const bots: Crew[] = []

beforeAll(async () => {
  world = await startAlertWorld({ rules: [rule(1), rule(2), rule(3)] }, { bots: 2 })
  bots.push(...world.bots)
  for (const id of ['svc-1', 'svc-2', 'svc-3']) await register(world.agent, { id })
})
afterAll(() => world?.stop())

function rule(at: number) {
  return { name: `rule-${at}`, service: `svc-${at}`, channel: `room-${at}`, remind: [] }
}

const says = (at: number, status: string) => report(world.agent, `service:svc-${at}`, status, `it is ${status}`)

/** The newest fence that a bot took, or 0. */
function fenceOf(bot: Crew): number {
  const taken = bot
    .log()
    .split('\n')
    .flatMap((line) => (line.includes('alerts: by this bot now') ? Number(/"fence":"(\d+)"/.exec(line)?.[1]) : []))
  return taken.at(-1) ?? 0
}

/** Who evaluates, and who would next. */
async function turns(): Promise<{ readonly evaluator: Crew; readonly other: Crew }> {
  const find = () => bots.toSorted((one, another) => fenceOf(another) - fenceOf(one))
  await waitFor(() => find().some((bot) => fenceOf(bot) > 0), { what: 'a bot to evaluate', within: '50s' })
  const [evaluator, other] = find()
  if (!evaluator || !other) throw new Error('There are not two bots.')
  return { evaluator, other }
}

/** It evaluates from now on, after somebody else did. */
const takesOver = (bot: Crew, from: Crew) =>
  waitFor(() => fenceOf(bot) > fenceOf(from), { what: 'the other bot to take over', within: '50s' })

const lastOf = (room: ReturnType<typeof alertsIn>) => room.versions().at(-1)?.words ?? ''

test('when the bot that evaluates is killed another one takes over, and nothing is lost or doubled', async () => {
  const { evaluator, other } = await turns()
  expect(fenceOf(other)).toBe(0)
  const [one, two] = [alertsIn(world, 1), alertsIn(world, 2)]
  await says(1, 'critical')
  await one.sees(/^🔴 \*firing\*/)
  await evaluator.kill9()
  bots.splice(bots.indexOf(evaluator), 1)
  await says(1, 'passing')
  await says(2, 'critical')
  await takesOver(other, evaluator)
  await one.sees(/^✅ \*resolved\*/)
  await one.note(/\*Resolved\*/)
  await two.sees(/^🔴 \*firing\*/)
  expect([await one.standing(), await two.standing()].map(({ length }) => length)).toEqual([1, 1])
  expect(await one.notes()).toHaveLength(1)
  expect(await two.notes()).toEqual([])
}, 120_000)

test('a bot that slept through its lease stores nothing any more when it wakes up', async () => {
  bots.push(await world.startBot())
  const { evaluator: sleeper, other } = await turns()
  const [two, three] = [alertsIn(world, 2), alertsIn(world, 3)]
  await says(3, 'critical')
  await three.sees(/^🔴 \*firing\*/)
  process.kill(sleeper.pid, 'SIGSTOP')
  try {
    // What it knows when it wakes up is the other way round by then.
    await says(2, 'passing')
    await says(3, 'passing')
    await takesOver(other, sleeper)
    await two.sees(/^✅ \*resolved\*/)
    await three.sees(/^✅ \*resolved\*/)
  } finally {
    process.kill(sleeper.pid, 'SIGCONT')
  }
  const knows = () => sleeper.log().includes('alerts: by somebody else now')
  await waitFor(knows, { what: 'the sleeper to hear that it has no lease', within: '50s' })
  expect(fenceOf(other)).toBeGreaterThan(fenceOf(sleeper))
  // Told after whatever the sleeper could have told.
  await says(1, 'critical')
  await alertsIn(world, 1).note(/\*Fires again\*/)
  for (const room of [two, three]) {
    expect(lastOf(room)).toMatch(/^✅ \*resolved\*/)
    expect(await room.standing()).toHaveLength(1)
    expect(count(await room.notes(), /./)).toBe(1)
  }
}, 120_000)
