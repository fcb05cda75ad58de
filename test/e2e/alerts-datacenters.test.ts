import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ConsulAgent, joined, register, report, startConsulServer } from '../consul.ts'
import { type AlertWorld, alertsIn, count, startAlertWorld } from './alerts.ts'

let world: AlertWorld
let other: ConsulAgent

beforeAll(async () => {
  world = await startAlertWorld(
    { rules: [{ name: 'any', channel: 'room-1' }], vanished: { after: '40s' }, blind: { after: '3s' } },
    {
      prepare: async (agent, dir) => {
        other = await startConsulServer({ dc: 'dc2', dir: join(dir, 'dc2'), joins: agent })
        await joined(agent, other)
      },
    },
  )
})
afterAll(async () => {
  await other?.stop()
  await world?.stop()
})

test('each datacenter has alerts of its own; one that is dead is one alert, and the other goes on', async () => {
  const [one, two] = [alertsIn(world, 1, /in `dc1`/), alertsIn(world, 1, /in `dc2`/)]
  const ops = alertsIn(world, 0)
  const agents = [world.agent, other]
  for (const agent of agents) for (const id of ['web', 'db']) await register(agent, { id })
  for (const agent of agents) await report(agent, 'service:web', 'critical', 'HTTP 503')
  const seen = [await one.sees(/^🔴 \*firing\*/), await two.sees(/^🔴 \*firing\*/)]

  await other.kill9()
  const blind = await ops.sees(/^🔴 \*firing\*: critical `blind` in `dc2`, 1 firing/)
  expect(blind.words).toMatch(/the datacenter dc2 cannot be watched/)
  await two.sees(/^\S+ \*unknown\*/)
  // Another bot has to find out for itself that nothing is seen there; until then it is not over.
  await Promise.all(world.bots.map((bot) => bot.stop()))
  await world.startBot()
  await report(world.agent, 'service:web', 'passing')
  await one.sees(/^✅ \*resolved\*/)
  await report(world.agent, 'service:db', 'critical', 'no answer')
  await one.sees(/^🔴 \*firing\*[\s\S]*no answer/)

  expect(
    count(
      ops.versions().map(({ words }) => words),
      /\*resolved\*/,
    ),
  ).toBe(0)
  await other.restart()
  await ops.sees(/^✅ \*resolved\*: critical `blind` in `dc2`/)
  await two.sees(/^🔴 \*firing\*/)
  expect(
    count(
      two.versions().map(({ words }) => words),
      /\*resolved\*|\*vanished\*/,
    ),
  ).toBe(0)
  await report(other, 'service:web', 'passing')
  await two.sees(/^✅ \*resolved\*/)
  expect((await one.standing()).map(({ ts }) => ts)).toEqual(seen.map(({ message }) => message.ts).toSorted())
  expect(
    count(
      (await ops.standing()).map(({ text }) => text),
      /blind/,
    ),
  ).toBe(1)
}, 120_000)
