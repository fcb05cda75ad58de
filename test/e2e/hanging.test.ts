import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { applyDoor } from './doors.ts'
import { channels, people } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let door: ReturnType<typeof applyDoor>

beforeAll(async () => {
  world = await startWorld((dir) => {
    door = applyDoor(dir, 'away')
    const environments = { hang: {}, form: {}, away: { variables: { apply_door: door.folder } } }
    return { environments, sections: { worker: { dead_after: '8s', grace: '1s' } } }
  })
})
afterAll(() => world.stop())

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')
const LATE = /could not answer within two seconds.*was not done, and will not be done later/

test('while Redis hangs everything is answered, and nothing of it is done when Redis goes on', async () => {
  const talk = talkNo(0)
  const run = await talk.begin('alice', 'tiny up hang small')
  await talk.sees(run, /\*waiting for approval\*/)
  const drawn = await talk.message(run)
  await world.control.command({ user: people.alice, channel: talk.channel, command: '/crew', text: 'tiny up form' })
  await waitFor(async () => (await world.control.modals()).length > 0, { what: 'the form' })

  process.kill(world.redis.pid, 'SIGSTOP')
  try {
    expect(await talk.answered('carol', () => talk.pressOn('carol', 'judgment.approve', drawn))).toMatch(LATE)
    const values = { size: { value: { type: 'static_select', selected_option: { value: 'small' } } } }
    const { errors } = await world.control.submitView({ user: people.alice, values })
    expect(Object.values(errors).join(' ')).toMatch(LATE)
    expect(await talk.type('alice', 'runs list')).toMatch(LATE)
    await world.control.openHome({ user: people.alice })
    const home = async () => JSON.stringify((await world.control.home(people.alice)) ?? '')
    await waitFor(async () => LATE.test(await home()), { what: 'the page of the app', within: '10s' })
  } finally {
    process.kill(world.redis.pid, 'SIGCONT')
  }

  const list = await waitFor(
    async () => {
      const answer = await talk.type('alice', 'runs list')
      return answer.includes(run.id) ? answer : undefined
    },
    { what: 'Redis to answer', within: '30s' },
  )
  expect(list).not.toContain('tiny up form')
  await sleep(3_000)
  expect(await talk.status(run)).toBe('waiting for approval')
  const why = await talk.type('alice', `runs why ${run.id}`)
  expect(why).not.toMatch(/\*judged\*|\*started\*.*terraform.apply/)
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /\*succeeded\*/)
})

test('an apply goes on while Redis is away for longer than a worker may be silent, and is never called unknown', async () => {
  const talk = talkNo(1)
  const run = await talk.begin('alice', 'tiny up away small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await door.knocked()
  const shown: string[] = []
  world.control.onMessage((message) => {
    if (JSON.stringify(message).includes(run.id)) shown.push(message.text)
  })
  const worker = world.workers[0]?.pid ?? 0
  await world.redis.kill9()
  await sleep(10_000)
  // The worker comes back to Redis later than the bot, which looks meanwhile.
  process.kill(worker, 'SIGSTOP')
  await world.redis.restart()
  await sleep(5_000)
  process.kill(worker, 'SIGCONT')
  await sleep(10_000)
  door.open()
  await talk.sees(run, /\*succeeded\*/)
  expect(shown.filter((text) => text.includes('unknown'))).toEqual([])
  expect(await talk.type('alice', `runs why ${run.id}`)).not.toMatch(/\*lost\*|\*adopted\*/)
  expect(door.applies()).toBe(1)
})
