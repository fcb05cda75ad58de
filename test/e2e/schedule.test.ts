import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { waitFor } from '../../examples/demo/parts.ts'
import { keysOf } from '../../src/engine/keys.ts'
import { createStore } from '../../src/engine/store.ts'
import { channels } from './site.ts'
import { talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  const owner = 'U01ALICE'
  world = await startWorld({
    bots: 2,
    environments: { clocked: {}, lost: {}, fixed: {} },
    sections: {
      schedules: {
        tz: 'Asia/Tokyo',
        fixed: { morning: { line: 'tiny up fixed small --for 10h', cron: '0 9 * * 1-5', owner, channel: 'ops' } },
      },
    },
  })
})
afterAll(() => world.stop())

type Talk = ReturnType<typeof talkIn>
const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

/** A message of the channel whose words fit. */
function sees(talk: Talk, wanted: RegExp) {
  const find = async () => (await talk.all()).find((message) => wanted.test(wordsOf(message)))
  return waitFor(find, { what: `${wanted} in ${talk.channel}`, within: '50s', every: 200 })
}

const idOf = (answer: string) => /^`([a-z0-9]+)` runs/.exec(answer)?.[1] ?? ''

describe.concurrent('a schedule', () => {
  test('can be skipped just once, and is refused with help where it cannot be', async () => {
    const talk = talkNo(2)
    expect(await talk.type('alice', 'schedule add "tiny up lost small" --cron "61 * * * *"')).toMatch(
      /is no cron expression .*minute.*Expected five fields/,
    )
    expect(await talk.type('alice', 'schedule add "tiny up lost small" --cron "0 9 * * *" --tz Mars/Base')).toMatch(
      /is no time zone/,
    )
    expect(await talk.type('alice', 'schedule add "tiny up lost small" --at "2020-01-01 09:00"')).toMatch(
      /is past: it is/,
    )
    expect(await talk.type('alice', 'schedule add "runs list" --cron "0 9 * * *"')).toMatch(/only answers/)
    expect(await talk.type('alice', 'schedule add "schedule list" --cron "0 9 * * *"')).toMatch(/cannot run schedules/)
    expect(await talk.type('carol', 'schedule add "tiny up lost small" --cron "0 9 * * *"')).toMatch(/You may not run/)
    const id = idOf(await talk.type('alice', 'schedule add "tiny up lost small" --cron "0 9 * * *"'))
    const [, first = '', second = ''] =
      /skips (.* UTC\)), and only that. Next: (.*)\.$/.exec(await talk.type('alice', `schedule skip ${id}`)) ?? []
    expect(Date.parse(second.slice(4, 14)) - Date.parse(first.slice(4, 14))).toBe(86_400_000)
    expect(await talk.type('alice', `schedule skip ${id}`)).toMatch(/is skipped already/)
    expect(wordsOf(await sees(talk, /^⏭️ \*skipped\*: `tiny up lost small`/))).toMatch(/<@U01ALICE> skipped it/)
    expect(await talk.type('eve', `schedule remove ${id}`)).toMatch(/You may not run/)
    expect(await talk.type('bob', `schedule show ${id}`)).toMatch(
      /Its last times:[\s\S]*skipped: <@U01ALICE> skipped it/,
    )
    expect(await talk.type('bob', `schedule skip ${id}x`)).toMatch(new RegExp(`Did you mean \`${id}\``))
    await talk.type('alice', `schedule remove ${id}`)
  })

  test('of the site file is there from the start, and cannot be removed by hand', async () => {
    const talk = talkNo(3)
    expect(await talk.type('carol', 'schedule list')).toMatch(
      /`morning` \*active\*: `tiny up fixed small --for 10h` at `0 9 \* \* 1-5` Asia\/Tokyo/,
    )
    expect(await talk.type('alice', 'schedule remove morning')).toMatch(/stands in the site file/)
    expect(await talk.type('alice', 'env show fixed')).toMatch(
      /By the clock: `tiny up fixed small --for 10h` \(`morning`\)/,
    )
  })
})

/** As if they had been added before that minute, and it came while no bot was there. */
async function cameMeanwhile(ids: readonly string[], due: number): Promise<void> {
  const redis = new Redis(world.redis.url)
  const { schedules } = createStore(redis, keysOf('groundcrew'), Date.now)
  for (const id of ids)
    await schedules.alter(
      id,
      (current) =>
        current && {
          schedule: { ...current, next: due },
          effects: [{ do: 'schedule', schedule: id, at: due }],
          audit: [],
        },
    )
  redis.disconnect()
}

test('at its time a schedule runs once under a judgment, though all bots were killed meanwhile, and with the rights its owner has then', async () => {
  const talk = talkNo(4)
  // A schedule has no finer time than a minute: this one has just begun, and comes again tomorrow.
  const due = Math.floor(Date.now() / 60_000) * 60_000
  const [hour, minute] = [new Date(due + 9 * 3_600_000).getUTCHours(), new Date(due).getUTCMinutes()]
  const cron = `--cron "${minute} ${hour} * * *" --missed run --late 15m`
  const answer = await talk.type('alice', `schedule add "tiny up clocked small" ${cron} --tz Asia/Tokyo`)
  expect(answer).toMatch(/^`\w{4}` runs `tiny up clocked small` at `\d+ \d+ \* \* \*` Asia\/Tokyo, with your rights/)
  expect(answer.match(/Asia\/Tokyo \(.*? UTC\)/g)).toHaveLength(3)
  const id = idOf(answer)
  const lost = idOf(await talk.type('bob', `schedule add "tiny up lost small" ${cron}`))
  await Promise.all(world.bots.map((bot) => bot.kill9()))
  await cameMeanwhile([id, lost], due)
  const file = join(world.dir, 'site.yml')
  const site = parse(readFileSync(file, 'utf8')) as { roles: { engineers: { members: string[] } } }
  site.roles.engineers.members = ['U01ALICE']
  writeFileSync(file, JSON.stringify(site))
  await Promise.all([world.startBot(), world.startBot()])

  const asks = await sees(talk, /^✋ \*waiting for approval\*: `tiny up clocked small`/)
  expect(wordsOf(asks)).toMatch(new RegExp(`begun by schedule ${id} of <@U01ALICE>`))
  expect(await talk.type('alice', `schedule pause ${id}`)).toMatch(/is paused/)
  expect(await talk.answered('alice', () => talk.pressOn('alice', 'judgment.approve', asks))).toMatch(/asked for this/)
  expect(await talk.type('bob', 'schedule list')).toMatch(
    new RegExp(
      `\`${id}\` \\*paused\\*: \`tiny up clocked small\`[\\s\\S]*of <@U01ALICE>[\\s\\S]*last: .* started as \`\\w+\` \\*waiting`,
    ),
  )
  await talk.pressOn('carol', 'judgment.approve', asks)
  await sees(talk, /^✅ \*succeeded\*: `tiny up clocked small`/)

  const refused = wordsOf(await sees(talk, /^⛔ \*refused\*: `tiny up lost small`/))
  expect(refused).toMatch(new RegExp(`schedule ${lost} of <@U02BOB>`))
  expect(refused).toMatch(/You may not run `tiny up` on lost/)
  expect(refused).toMatch(/it is paused; `schedule resume/)
  expect(await talk.type('carol', `schedule remove ${lost}`)).toMatch(/is removed/)
  const told = wordsOf(await sees(talk, /^🗑️ \*removed\*: schedule/))
  expect(told).toMatch(new RegExp(`${lost}.*tiny up lost small.* of <@U02BOB>, by <@U03CAROL>`))
  const shown = (await talk.all()).filter((each) => !each.ephemeral_to && !each.thread_ts).map(wordsOf)
  expect(shown.filter((words) => words.includes('tiny up clocked small'))).toHaveLength(1)
  // That it was refused, and that it is gone.
  expect(shown.filter((words) => words.includes('tiny up lost small'))).toHaveLength(2)
})
