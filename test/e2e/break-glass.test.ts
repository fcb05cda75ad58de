import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { actionsOf } from '../../examples/demo/slack-control.ts'
import type { Actor } from '../../src/core/actor.ts'
import { siteSchema } from '../../src/core/site.ts'
import { breakGlassOf, endGlass } from '../../src/engine/break-glass/deeds.ts'
import { keysOf } from '../../src/engine/keys.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { createStore } from '../../src/engine/store.ts'
import { people, siteText, team } from './site.ts'
import { talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

const [ops, audit, room] = ['C00ROOM', 'C01ROOM', 'C02ROOM'] as const
const environments = { others: {}, mine: {}, rest: {}, queued: {} }
const may = ['runs *', 'locks *', 'audit', 'drift']
const sections = {
  channels: { ops, audit },
  audit: { channel: 'audit' },
  roles: {
    engineers: {
      members: [people.alice, people.bob],
      may: [{ commands: ['tiny *', 'runs *', 'schedule *'] }],
    },
    approvers: { members: [people.carol], may: [{ commands: may }] },
  },
  break_glass: { oncall: { who: ['engineers'], gives: ['approvers'], most: '1h', announce: ['audit', 'ops'] } },
}

let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld({ environments, sections })
  talk = talkIn(world, room)
})
afterAll(() => world.stop())

/** The messages of a channel whose first block has an id that begins so. */
async function shownIn(channel: string, begin: string) {
  const all = await world.control.messages(channel)
  return all.filter(({ blocks = [] }) => (blocks[0]?.block_id ?? '').startsWith(begin))
}
async function sees(channel: string, begin: string, wanted: RegExp): Promise<string> {
  let last = ''
  const look = async () => {
    last = (await shownIn(channel, begin)).map(wordsOf).join('\n')
    return wanted.test(last) ? last : undefined
  }
  return waitFor(look, { what: `${wanted} in ${channel}`, within: '60s', every: 100 }).catch((error: Error) => {
    throw new Error(`${error.message} Shown was:\n${last}`)
  })
}
async function breaks(why = 'the shop is down, nobody answers'): Promise<string> {
  const answer = await talk.type('alice', `breakglass oncall --for 20m --why "${why}"`)
  const id = /break glass `(\w{8})`/.exec(answer)?.[1]
  if (!id) throw new Error(`No break glass: ${answer}`)
  return id
}
async function pressEnd(person: 'eve' | 'carol', channel: string, id: string): Promise<string> {
  const [message] = await shownIn(channel, `glass-${id}`)
  const action = message && actionsOf(message).find(({ action_id }) => action_id === 'glass.end')
  if (!message || !action) throw new Error(`There is no button in ${channel}.`)
  ended = { message, action }
  return talkIn(world, channel).answered(person, () =>
    world.control.press({ user: people[person], channel, messageTs: message.ts, action }),
  )
}
/** One of two things is gone: what Terraform's state has no more, it would make again. */
async function changeByHand(environment: string): Promise<void> {
  const url = `${world.consul.url}/v1/kv/test/${environment}`
  const state = (await (await fetch(`${url}?raw`)).json()) as { resources: { instances: unknown[] }[]; serial: number }
  const resources = state.resources.map((resource) => ({ ...resource, instances: resource.instances.slice(0, 1) }))
  await fetch(url, { method: 'PUT', body: JSON.stringify({ ...state, serial: state.serial + 1, resources }) })
}
let ended: { message: { ts: string }; action: ReturnType<typeof actionsOf>[number] }

test('from start to summary: announced in two channels, used, ended by somebody without a role, summed up with its drift', async () => {
  const asked = await talk.begin('bob', 'tiny up others small')
  await talk.sees(asked, /\*waiting for approval\*/)
  expect(await talk.answered('alice', () => talk.press('alice', 'judgment.approve', asked))).toMatch(/Only `approvers`/)
  expect(await talk.type('alice', 'audit')).toMatch(/You may not run `audit`/)
  expect(await talk.type('eve', 'breakglass oncall --for 20m --why "I only want to look"')).toMatch(
    /Only `engineers` may/,
  )
  expect(await talk.type('alice', 'breakglass oncall --for 20m --why "short"')).toMatch(/at least 10 characters/)
  expect(await talk.type('alice', 'breakglass oncall --for 2h --why "the shop is down"')).toMatch(/may last 1h at most/)

  const id = await breaks()
  for (const channel of [audit, ops]) {
    const said = await sees(channel, `glass-${id}`, /Break glass/)
    expect(said).toMatch(/🚨.*<@U01ALICE> has `approvers` \(`oncall`\) until .*for 20 m/)
    expect(said).toMatch(/Why: `the shop is down, nobody answers`/)
    expect(said).toContain('[End it]')
    expect(await shownIn(channel, `glass-${id}`)).toHaveLength(1)
  }
  expect(await talk.type('alice', 'breakglass oncall --for 20m --why "the shop is down"')).toMatch(
    /hold `oncall` already/,
  )
  expect(await talk.type('eve', 'breakglass list')).toMatch(
    new RegExp(`\`${id}\` \\*oncall\\* .*<@U01ALICE>.*holds until`),
  )
  expect(await talk.type('alice', 'whoami')).toMatch(/`engineers`, `approvers`/)

  // What she could not do before, and what another asked for.
  expect(await talk.type('alice', 'audit')).toMatch(/raised/)
  await talk.press('alice', 'judgment.approve', asked)
  const done = await talk.sees(asked, /\*succeeded\*/)
  expect(done).toMatch(new RegExp(`Approved by <@U01ALICE> at .* under break glass \`${id}\``))

  // Never what she asked for herself, nor another by the same way.
  const own = await talk.begin('alice', 'tiny up mine medium')
  const waits = await talk.sees(own, /\*waiting for approval\*/)
  expect(waits).toContain(`🔓 Asked for under break glass \`${id}\` of <@U01ALICE>`)
  expect(await talk.answered('alice', () => talk.press('alice', 'judgment.approve', own))).toMatch(/asked for this/)
  const second = await talk.type('bob', 'breakglass oncall --for 5m --why "to help her through"')
  expect(await talk.answered('bob', () => talk.press('bob', 'judgment.approve', own))).toMatch(
    /under break glass.*himself/,
  )
  await talk.type('bob', `breakglass end ${/glass `(\w{8})`/.exec(second)?.[1]}`)
  await talk.press('carol', 'judgment.approve', own)
  await talk.sees(own, /\*succeeded\*/)
  expect(await talk.type('alice', 'schedule add "locks steal mine --why because" --at "2030-01-01 09:00"')).toMatch(
    /⛔/,
  )
  const live = await sees(ops, `glass-${id}`, /approved/)
  expect(live).toMatch(/Done under it so far\*: \d/)

  await changeByHand('mine')
  expect(await pressEnd('eve', audit, id)).toMatch(/is over: the rights are gone/)
  for (const channel of [audit, ops]) {
    const over = await sees(channel, `glass-${id}`, /is over/)
    expect(over).toMatch(/🔒.*<@U04EVE> ended it at .*, after/)
    expect(over).not.toContain('[End it]')
  }
  expect(await talk.type('alice', 'audit')).toMatch(/You may not run `audit`/)
  const { message, action } = ended
  const again = () => world.control.press({ user: people.carol, channel: audit, messageTs: message.ts, action })
  expect(await talkIn(world, audit).answered('carol', again)).toMatch(/is over already: ended by <@U04EVE>/)

  for (const channel of [audit, ops]) {
    const summary = await sees(
      channel,
      `glass-summary-${id}`,
      /others.*Nothing moved.*\n.*mine.*It is not as it was applied/,
    )
    expect(summary).toMatch(/📋 \*Summary of break glass\* .*<@U01ALICE>: had `approvers`/)
    expect(summary).toMatch(/End: <@U04EVE> ended it at .*, after /)
    expect(summary).toMatch(/`schedule add .*: \*refused\*: /)
    expect(summary.match(/`breakglass oncall/g)).toHaveLength(1)
    expect(summary).toMatch(/`audit`: \*answered\*/)
    expect(summary).toMatch(/`tiny up others small.*approved, it is succeeded/)
    expect(summary).toMatch(/`tiny up mine medium.*: \*succeeded\*/)
    expect(summary).toMatch(/`approve: tiny up mine medium.*: \*refused\*: /)
    expect(await shownIn(channel, `glass-summary-${id}`)).toHaveLength(1)
  }
  const lines = (await world.control.messages(audit)).map(({ text }) => text)
  expect(lines.some((line) => line.includes('*raised*') || /raised `U01ALICE`/.test(line))).toBe(true)
})

test('killed between grant and announcement, and between end and summary: the next bot says both, once', async () => {
  const redis = new Redis(world.redis.url)
  const parts = partsFor(redis)
  for (const bot of world.bots) await bot.kill9()
  const alice: Actor = { kind: 'slack', team, user: people.alice }
  const asked = { actor: alice, roles: [], channel: room, request: 'killed-1' }
  await breakGlassOf(parts, asked).begin({ role: 'oncall', for: '20m', why: 'the bot is to die right here' })
  const [glass] = (await parts.store.glasses.look()).glasses
  const id = glass?.id ?? ''
  const first = await world.startBot()
  for (const channel of [audit, ops]) await sees(channel, `glass-${id}`, /🚨 \*Break glass\*.*<@U01ALICE>/)
  const run = await talk.begin('bob', 'tiny up rest small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('alice', 'judgment.approve', run)
  await talk.sees(run, /\*succeeded\*/)

  await first.kill9()
  await endGlass(parts, id, { actor: { kind: 'slack', team, user: people.eve }, request: 'killed-2' })
  const next = await world.startBot()
  await world.startBot()
  for (const channel of [audit, ops]) await sees(channel, `glass-summary-${id}`, /rest.*Nothing moved/)
  await next.kill9()
  for (const channel of [audit, ops]) {
    expect(await shownIn(channel, `glass-${id}`)).toHaveLength(1)
    expect(await shownIn(channel, `glass-summary-${id}`)).toHaveLength(1)
  }
  redis.disconnect()
})

test('it ends by itself; what was queued under it is refused when it starts; a long summary has a file', async () => {
  const holder = await talk.begin('bob', 'tiny up queued small')
  await talk.sees(holder, /\*waiting for approval\*/)
  expect(await talk.type('alice', 'drift queued')).toMatch(/You may not run `drift` on queued/)
  const answer = await talk.type('alice', 'breakglass oncall --for 15s --why "nobody who may look is awake"')
  const id = /break glass `(\w{8})`/.exec(answer)?.[1] ?? ''
  const queued = await talk.begin('alice', 'drift queued')
  for (let at = 0; at < 16; at++) await talk.type('alice', 'whoami')
  expect(await sees(ops, `glass-${id}`, /is over/)).toMatch(/🔒.*its time was over at .*, after 15 s/)
  expect(await talk.type('alice', 'drift queued')).toMatch(/You may not run `drift` on queued/)
  await talk.press('bob', 'execution.cancel', holder)
  expect(await talk.sees(queued, /\*failed\*/)).toMatch(
    new RegExp(`may no longer run this[\\s\\S]*asked for under break glass .${id}., which is over`),
  )
  for (const channel of [audit, ops]) {
    const summary = await sees(channel, `glass-summary-${id}`, /Nothing was changed under it/)
    expect(summary).toMatch(/Done under it\*: 17\n… 2 earlier[\s\S]*in a file in the thread/)
    const [message] = await shownIn(channel, `glass-summary-${id}`)
    const find = async () =>
      (await world.control.messages(channel))
        .filter(({ thread_ts }) => thread_ts === message?.ts)
        .flatMap(({ files = [] }) => files)
    const files = await waitFor(async () => ((await find()).length > 0 ? find() : undefined), {
      what: 'the file',
      within: '30s',
    })
    expect(files.map(({ name }) => name)).toEqual([`break-glass-${id}.txt`])
    const url = new URL(files[0]?.url_private ?? '', world.slack.url)
    const text = await (await fetch(url, { headers: { authorization: 'Bearer xoxb-test' } })).text()
    expect(text).toMatch(/Why: nobody who may look is awake/)
    expect(text.match(/whoami: answered/g)).toHaveLength(16)
  }
})

/** What a bot that dies before it says anything has stored: the same functions, with nobody who speaks to Slack. */
function partsFor(redis: Redis): CrewParts {
  const site = siteSchema.parse(JSON.parse(siteText({ environments, sections })))
  const store = createStore(redis, keysOf('groundcrew'), Date.now)
  const silent = { note: async () => {} }
  return { store, site, now: Date.now, kick: () => {}, groups: async () => new Map(), audit: silent } as never
}
