import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { channels, people } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld({
    environments: { own: {}, twice: {}, both: {}, reject: {}, gone: {} },
  })
})
afterAll(() => world.stop())

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

/** An execution that waits for approval in a room of its own. */
async function waiting(room: number, environment: string) {
  const talk = talkNo(room)
  const run = await talk.begin('bob', `tiny up ${environment} small`)
  await talk.sees(run, /\*waiting for approval\*/)
  return { talk, run }
}

/** The refusals that the audit has. */
async function refusals(): Promise<string[]> {
  const redis = new Redis(world.redis.url)
  try {
    const lines = await redis.xrange('groundcrew:audit', '-', '+')
    return lines.map(([, fields]) => fields[1] ?? '').filter((line) => line.includes('"kind":"refused"'))
  } finally {
    redis.disconnect()
  }
}

describe.concurrent('a judgment', () => {
  test('is not given by the asker, who is an approver otherwise, nor by a stranger', async () => {
    const { talk, run } = await waiting(0, 'own')
    expect(await talk.answered('bob', () => talk.press('bob', 'judgment.approve', run))).toMatch(
      /<@U02BOB> asked for this, so somebody else has to judge it: one of `approvers`/,
    )
    expect(await talk.answered('bob', () => talk.press('bob', 'judgment.reject', run))).toMatch(/asked for this/)
    expect(await talk.answered('eve', () => talk.press('eve', 'judgment.approve', run))).toMatch(
      /Only `approvers` may judge this\. <@U04EVE> has no role/,
    )
    expect(await talk.answered('alice', () => talk.press('alice', 'judgment.approve', run))).toMatch(
      /Only `approvers` may judge this\. <@U01ALICE> has `engineers`/,
    )
    expect(await talk.answered('eve', () => talk.press('eve', 'execution.cancel', run))).toMatch(/You may not run/)
    for (const who of [people.bob, people.eve, people.alice]) {
      const recorded = async () => (await refusals()).some((line) => line.includes(who) && line.includes(run.id))
      await waitFor(recorded, { what: `the refusal of ${who} in the audit` })
    }
    expect(await talk.status(run)).toBe('waiting for approval')
    expect(await talk.buttons(run)).toContain('judgment.approve')
    await talk.press('carol', 'judgment.approve', run)
    await talk.sees(run, /\*succeeded\*/)
  })

  test('is taken once: a double click of the approver changes nothing, and what comes late is told so', async () => {
    const { talk, run } = await waiting(1, 'twice')
    const drawn = await talk.message(run)
    await Promise.all([1, 2].map(() => talk.pressOn('carol', 'judgment.approve', drawn)))
    const over = await talk.sees(run, /\*succeeded\*/)
    expect(over.match(/Approved by/g)).toHaveLength(1)
    expect(await talk.buttons(run)).toEqual(['execution.extend'])
    expect(await talk.answered('carol', () => talk.pressOn('carol', 'judgment.reject', drawn))).toMatch(
      /decided already.*Approved by <@U03CAROL>/,
    )
    expect(await talk.answered('eve', () => talk.pressOn('eve', 'judgment.approve', drawn))).toMatch(
      /Only `approvers`.*Approved by <@U03CAROL>/,
    )
  })

  test('is given by one of two who click at once, and the other one is told who it was', async () => {
    const talk = talkNo(2)
    const run = await talk.begin('alice', 'tiny up both small')
    await talk.sees(run, /\*waiting for approval\*/)
    const drawn = await talk.message(run)
    await Promise.all([
      talk.pressOn('bob', 'judgment.approve', drawn),
      talk.pressOn('carol', 'judgment.approve', drawn),
    ])
    const over = await talk.sees(run, /\*succeeded\*/)
    const [, winner] = /Approved by <@(\w+)>/.exec(over) ?? []
    const loser = winner === people.bob ? people.carol : people.bob
    const told = await waitFor(async () => (await talk.all()).find(({ ephemeral_to }) => ephemeral_to === loser), {
      what: 'the answer to who came second',
    })
    expect(told.text).toContain(`Approved by <@${winner}>`)
    expect(over.match(/Approved by/g)).toHaveLength(1)
  })

  test('is a rejection only with a reason, which everybody reads', async () => {
    const { talk, run } = await waiting(3, 'reject')
    await talk.press('carol', 'judgment.reject', run)
    const opened = await waitFor(async () => (await world.control.modals()).at(-1), { what: 'the form' })
    expect(opened.callback_id).toBe('judgment.reject')
    const reason = (value: string) => ({ reason: { value: { type: 'plain_text_input', value } } })
    const empty = await world.control.submitView({ user: people.carol, values: reason('  ') })
    expect(empty.errors.reason).toMatch(/Say why/)
    const sent = await world.control.submitView({ user: people.carol, values: reason('not <!channel> today') })
    expect(sent.errors).toEqual({})
    const over = await talk.sees(run, /^⛔ \*rejected\*/)
    expect(over).toContain('Rejected by <@U03CAROL>')
    expect(over).toContain('not &lt;!channel&gt; today')
    expect(await talk.buttons(run)).toEqual([])
    expect((await talk.closing(run)).text).toMatch(/^⛔ rejected: .*<@U02BOB>/)
    expect(await talk.type('bob', 'runs list --open')).not.toContain(run.id)
  })

  test('comes too late once the execution was canceled', async () => {
    const { talk, run } = await waiting(4, 'gone')
    const drawn = await talk.message(run)
    await talk.press('bob', 'execution.cancel', run)
    const over = await talk.sees(run, /^🚫 \*canceled\*/)
    expect(over).toContain('Canceled by <@U02BOB>')
    expect(await talk.buttons(run)).toEqual([])
    expect(await talk.answered('carol', () => talk.pressOn('carol', 'judgment.approve', drawn))).toMatch(/canceled/)
    expect((await talk.closing(run)).text).toMatch(/^🚫 canceled: .*<@U02BOB>/)
  })
})
