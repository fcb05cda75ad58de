import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { channels } from './site.ts'
import { talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  const lifetime = { warn: '8s', extend: '4s', max: '1h' }
  const queued = { warn: '1s', extend: '4s', max: '1h' }
  world = await startWorld({
    environments: { extended: { lifetime }, other: { lifetime: queued }, busy: { lifetime: queued }, lapses: {} },
    sections: { judgment: { within: '9s' } },
  })
})
afterAll(() => world.stop())

type Talk = ReturnType<typeof talkIn>

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

async function up(talk: Talk, line: string) {
  const run = await talk.begin('alice', line)
  expect(await talk.sees(run, /\*waiting for approval\*/)).toMatch(
    /Approving it also approves that it is taken down again \S+ after the apply starts/,
  )
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
  return run
}

/** The first message of the channel whose words fit. */
function sees(talk: Talk, wanted: RegExp) {
  const find = async () => (await talk.all()).find((message) => wanted.test(wordsOf(message)))
  return waitFor(find, { what: `${wanted} in ${talk.channel}`, within: '50s' })
}

/** The state as Terraform keeps it in Consul. */
async function state(environment: string): Promise<{ lineage: string; resources: unknown[] }> {
  return (await fetch(`${world.consul.url}/v1/kv/test/${environment}?raw`)).json() as Promise<{
    lineage: string
    resources: unknown[]
  }>
}

describe.concurrent('the time of an environment', () => {
  test('is warned of, can be extended by who may run the command, and ends by itself without asking', async () => {
    const talk = talkNo(1)
    const run = await up(talk, 'tiny up extended small --for 8s')
    const warning = await sees(talk, /will be taken down at .*asked by <@U01ALICE>/)
    expect(await talk.answered('eve', () => talk.pressOn('eve', 'execution.extend', warning))).toMatch(
      /You may not run/,
    )
    expect(await talk.answered('bob', () => talk.pressOn('bob', 'execution.extend', warning))).toMatch(
      /stays up until .*You count as one of its askers now/,
    )
    await talk.sees(run, /--for 8s, extended by <@U02BOB>/)
    expect(wordsOf(await sees(talk, /stays up: extended until .* by <@U02BOB>/))).not.toContain('[Extend]')
    const down = await sees(talk, /^✅ \*succeeded\*: `extended down`/)
    expect(wordsOf(down)).toMatch(/Approved with --for at/)
    expect(wordsOf(down)).toContain('Destroyed: the state is empty.')
    expect((await state('extended')).resources).toEqual([])
    expect(await talk.buttons(run)).toEqual([])
    await sees(talk, /⬇️ \*extended\* is down since/)
  })

  test('ends with a question where the state is no longer the one that was approved', async () => {
    const talk = talkNo(2)
    await up(talk, 'tiny up other small --for 5s')
    const key = `${world.consul.url}/v1/kv/test/other`
    const changed = { ...(await state('other')), lineage: '00000000-0000-4000-8000-000000000000' }
    await fetch(key, { method: 'PUT', body: JSON.stringify(changed) })
    const asks = await sees(talk, /^✋ \*waiting for approval\*: `other down`/)
    expect(wordsOf(asks)).toContain('<@U01ALICE> asked for it and cannot approve it.')
    expect(await talk.answered('alice', () => talk.pressOn('alice', 'judgment.approve', asks))).toMatch(
      /asked for this/,
    )
    await talk.pressOn('carol', 'judgment.approve', asks)
    const over = await sees(talk, /^✅ \*succeeded\*: `other down`/)
    expect(wordsOf(over)).toContain('Approved by <@U03CAROL>')
    expect((await state('other')).resources).toEqual([])
  })

  test('ends before whatever only waits, which gives way', async () => {
    const talk = talkNo(3)
    await up(talk, 'tiny up busy small --for 6s')
    const waits = await talk.begin('bob', 'tiny up busy medium')
    await talk.sees(waits, /\*waiting for approval\*/)
    const queued = await talk.begin('alice', 'tiny up busy medium')
    await talk.sees(queued, /\*queued\*/)
    expect(await talk.sees(waits, /\*canceled\*/)).toMatch(/busy's time is over/)
    await talk.sees(queued, /\*canceled\*/)
    expect(await talk.buttons(waits)).toEqual([])
    await sees(talk, /^✅ \*succeeded\*: `busy down`/)
  })

  test('a judgment that nobody gives expires, which is no rejection, and gives the lock back', async () => {
    const talk = talkNo(4)
    const run = await talk.begin('alice', 'tiny up lapses small')
    await talk.sees(run, /\*waiting for approval\*/)
    const drawn = await talk.message(run)
    const over = await talk.sees(run, /^⌛ \*expired\*/)
    expect(over).toContain('That is not a rejection')
    expect(over).not.toMatch(/rejected/i)
    expect(await talk.buttons(run)).toEqual([])
    expect((await talk.closing(run)).text).toMatch(/^⌛ expired: .*<@U01ALICE>/)
    expect(await talk.answered('carol', () => talk.pressOn('carol', 'judgment.approve', drawn))).toMatch(
      /The time to judge|expired/,
    )
    const next = await talk.begin('bob', 'tiny up lapses small')
    await talk.sees(next, /\*waiting for approval\*/)
  })
})
