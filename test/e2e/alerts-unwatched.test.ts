import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { register, report } from '../consul.ts'
import { type AlertWorld, alertsIn, count, startAlertWorld } from './alerts.ts'
import { people } from './site.ts'

const HOUR = 3_600_000

let world: AlertWorld
let redis: Redis

beforeAll(async () => {
  const rule = (at: number) => ({ name: `rule-${at}`, service: `svc-${at}`, channel: `room-${at}`, remind: ['10m'] })
  world = await startAlertWorld({
    reopen: '2h',
    rules: [{ ...rule(1), mention: [people.bob] }, rule(2), rule(3), rule(4)],
  })
  redis = new Redis(world.redis.url)
  for (const id of ['svc-1', 'svc-2', 'svc-3', 'svc-4']) await register(world.agent, { id })
})
afterAll(async () => {
  redis?.disconnect()
  await world?.stop()
})

const says = (at: number, status: string) => report(world.agent, `service:svc-${at}`, status, `it is ${status}`)

/** As if nobody had watched for an hour: what is stored is an hour older than it was. */
async function anHourPasses(): Promise<void> {
  for (const id of await redis.zrange('groundcrew:alerts', '0', '-1')) {
    const key = `groundcrew:alert:${id}`
    await redis.hset(key, 'd', JSON.stringify(older(JSON.parse((await redis.hget(key, 'd')) ?? '{}'))))
  }
  const seen = (await redis.get('groundcrew:alerts:seen')) ?? '{}'
  await redis.set('groundcrew:alerts:seen', JSON.stringify(older(JSON.parse(seen))))
}

const TIMES = ['at', 'openedAt', 'shownAt', 'endedAt', 'openSince', 'since', 'firedAt', 'passingSince', 'outputAt']

function older(stored: object): object {
  const moved = (name: string, value: unknown): unknown =>
    TIMES.includes(name) && typeof value === 'number' ? value - HOUR : value
  return JSON.parse(JSON.stringify(stored, moved)) as object
}

const seenAt = async () => (JSON.parse((await redis.get('groundcrew:alerts:seen')) ?? '{}') as { at?: number }).at ?? 0

/** After what was seen so far. */
async function notesThatItWatches(): Promise<void> {
  const since = Date.now()
  await waitFor(async () => (await seenAt()) > since, { what: 'the bot to note that it watches', within: '50s' })
}

test('after an hour without any bot there is one message of what was found, and no storm', async () => {
  const [stays, ends, begins, again] = [1, 2, 3, 4].map((at) => alertsIn(world, at)) as [Room, Room, Room, Room]
  for (const at of [1, 2, 4]) await says(at, 'critical')
  await stays.sees(/^🔴 \*firing\*/)
  await ends.sees(/^🔴 \*firing\*/)
  await again.sees(/^🔴 \*firing\*/)
  await says(4, 'passing')
  await again.sees(/^✅/)
  await notesThatItWatches()
  await Promise.all(world.bots.map((bot) => bot.stop()))
  await anHourPasses()
  await says(2, 'passing')
  await says(3, 'critical')
  await says(4, 'critical')

  const bot = await world.startBot()
  const told = await world.control.waitForMessage('C00ROOM', ({ text }) => text.includes('Nobody watched'), '50s')
  const words = JSON.stringify(told.blocks)
  expect(words).toMatch(/Nobody watched\* from .* to .*2 new, 1 over, 3 open now\./)
  expect(words).toMatch(/\*New\*.*`rule-[34]`.*`rule-[34]`.*\*Over\*.*`rule-2`/)
  expect(words).not.toContain('rule-1')
  await begins.sees(/^🔴 \*firing\*/)
  await ends.sees(/^✅ \*resolved\*/)
  expect(await ends.note(/\*Resolved\*/)).toMatch(/Nobody watched from .* to .*; it happened some time in between/)
  expect(await again.note(/\*Fires again\*/)).toMatch(/Nobody watched from/)
  // Six reminders would have come in an hour.
  expect(await stays.note(/\*Reminder\*/)).toContain('<@U02BOB>')

  // A bot that comes back at once has missed nothing.
  await notesThatItWatches()
  await bot.stop()
  await world.startBot()
  await says(3, 'passing')
  await begins.note(/^✅ \*Resolved\*(?![\s\S]*Nobody watched)/)
  expect(count(await stays.notes(), /\*Reminder\*/)).toBe(1)
  expect(await alertsIn(world, 0).standing()).toHaveLength(1)
  for (const room of [stays, ends, begins, again]) expect(await room.standing()).toHaveLength(1)
}, 120_000)

type Room = ReturnType<typeof alertsIn>
