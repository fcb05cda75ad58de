import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { register, report } from '../consul.ts'
import { type AlertWorld, alertsIn, buttonsOf, count, startAlertWorld } from './alerts.ts'
import { people } from './site.ts'
import { wordsOf } from './talk.ts'

let world: AlertWorld

beforeAll(async () => {
  const rule = (at: number, more: object = {}) => ({
    name: `rule-${at}`,
    service: `svc-${at}`,
    channel: `room-${at}`,
    mention: [people.bob],
    ...more,
  })
  world = await startAlertWorld({
    rules: [rule(1, { runbook: 'https://wiki.example/web' }), rule(2), rule(3), rule(4), rule(5)],
  })
})
afterAll(() => world?.stop())

/** A service that is bad, and the message that says so. */
async function firing(at: number, output = 'HTTP 503') {
  const id = `svc-${at}`
  const room = alertsIn(world, at)
  await register(world.agent, { id })
  await report(world.agent, `service:${id}`, 'critical', output)
  const seen = await room.sees(/\*firing\*/)
  return {
    room,
    seen,
    ts: seen.message.ts,
    id: seen.id,
    says: (status: string) => report(world.agent, `service:${id}`, status),
  }
}

type Values = { readonly for?: string; readonly other?: string; readonly why?: string }

function valuesOf({ for: time, other, why }: Values) {
  const typed = (value: string) => ({ value: { type: 'plain_text_input', value } })
  return {
    ...(time ? { for: { value: { type: 'static_select', selected_option: { value: time } } } } : {}),
    ...(other ? { other: typed(other) } : {}),
    ...(why ? { why: typed(why) } : {}),
  }
}

const submit = (person: keyof typeof people, values: Values) =>
  world.control.submitView({ user: people[person], values: valuesOf(values) })
const formOpens = (word: string) =>
  waitFor(
    async () => (await world.control.modals()).find((view) => 'title' in view && view.title?.text.startsWith(word)),
    {
      what: `the form ${word}`,
    },
  )

describe.concurrent('an alert', () => {
  test('is one message that stays true, from the first bad look to the end, with a thread', async () => {
    const { room, seen, ts, id, says } = await firing(1, 'HTTP 503 Service Unavailable')
    expect(seen.words).toMatch(/^🔴 \*firing\*: critical `rule-1` in `dc1`, 1 firing\n<@U02BOB>/)
    expect(seen.words).toMatch(/`svc-1: svc-1 health on dc1-server`: `HTTP 503 Service Unavailable`/)
    expect(seen.message.text).toMatch(/firing.*svc-1.*<@U02BOB>/)
    expect(buttonsOf(seen.message)).toEqual(['Acknowledge', 'Silence', 'Show', 'Runbook'])

    await says('passing')
    const over = await room.sees(/^✅ \*resolved\*: critical `rule-1` in `dc1`, 1 resolved/)
    expect(over.words).not.toContain('<@')
    expect(over.message.ts).toBe(ts)
    expect(buttonsOf(over.message)).toEqual(['Show'])
    await room.note(/^✅ \*Resolved\*: 1 check at/)

    await says('critical')
    expect((await room.sees(/^🔴 \*firing\*/)).message.ts).toBe(ts)
    expect(await room.note(/^\S+ \*Fires again\*: 1 check/)).toContain('<@U02BOB>')
    expect(await room.answered('alice', () => room.pressOn('alice', 'alert.show', seen.message))).toMatch(
      new RegExp(`critical \`rule-1\` in \`dc1\`: 1 firing.*\`${id}\`[\\s\\S]*By rule 1[\\s\\S]*Fires|fires again`),
    )
    expect(await room.standing()).toHaveLength(1)
    expect(await room.notes()).toHaveLength(2)
  })

  test('is acknowledged by a button, once however often it is pressed, and comes back when the time is over', async () => {
    const { room, seen, ts } = await firing(2)
    const answer = await room.answered('eve', () => room.pressOn('eve', 'alert.ack', seen.message))
    expect(answer).toMatch(/You may not run/)
    await Promise.all([1, 2, 3].map(() => room.pressOn('alice', 'alert.ack', seen.message)))
    const taken = await room.sees(/^\S+ \*acknowledged\*/)
    expect(taken.words).toMatch(/Acknowledged by <@U01ALICE> at .*, until /)
    expect(taken.words).not.toContain('<@U02BOB>')
    expect(buttonsOf(taken.message)).toEqual(['Silence', 'Show'])
    await room.note(/^\S+ \*Acknowledged\* by <@U01ALICE> at .*, until/)
    const back = await room.sees(/^🔴 \*firing\*/)
    expect(back.message.ts).toBe(ts)
    expect(back.words).not.toContain('Acknowledged by')
    expect(await room.note(/Acknowledgement is over/)).toMatch(/<@U01ALICE> <@U02BOB>[\s\S]*still fires, and nobody/)
    expect(count(await room.notes(), /\*Acknowledged\*/)).toBe(1)
    expect(await room.standing()).toHaveLength(1)
  })

  test('of two people that take it has the second one, who presses what he sees', async () => {
    const { room, seen } = await firing(3)
    await Promise.all([
      room.pressOn('alice', 'alert.ack', seen.message),
      room.pressOn('bob', 'alert.ack', seen.message),
    ])
    await room.note(/\*Acknowledged\* by <@U01ALICE>/)
    await room.note(/\*Acknowledged\* by <@U02BOB>/)
    await room.note(/Acknowledgement is over/)
    expect(count(await room.notes(), /\*Acknowledged\*/)).toBe(2)
  })
})

test('is silenced by a form that wants a reason, and its end is told before and then', async () => {
  const { room, seen, ts } = await firing(4)
  expect(await room.answered('eve', () => room.pressOn('eve', 'alert.silence', seen.message))).toMatch(
    /You may not run/,
  )
  expect(await world.control.modals()).toEqual([])

  await room.pressOn('alice', 'alert.silence', seen.message)
  await formOpens('Silence')
  expect((await submit('alice', { for: '1h' })).errors).toEqual({ why: 'Say why in a few words.' })
  expect((await submit('alice', { for: 'other', why: 'disk' })).errors.other).toMatch(/Say for how long/)
  expect((await submit('alice', { for: '1h', other: 'soon', why: 'disk' })).errors.other).toMatch(/duration/)
  expect((await submit('alice', { for: '1h', other: '31d', why: 'disk' })).errors).toMatchObject({
    other: expect.stringMatching(/at most 30d/),
  })
  const answer = await room.answered('alice', async () => {
    expect((await submit('alice', { for: '1h', other: '4s', why: 'a new disk comes' })).errors).toEqual({})
  })
  expect(answer).toMatch(/^Silenced until .*\(4 s\).*it covers 1 that fire/)

  const quiet = await room.sees(/^\S+ \*silenced\*/)
  expect(quiet.words).toMatch(/Silence `\w+` until .* by <@U01ALICE>: `a new disk comes`/)
  expect(quiet.words).not.toContain('<@U02BOB>')
  expect(await room.note(/^\S+ \*Silenced\*/)).toMatch(/by <@U01ALICE>.*until .*a new disk comes/)
  expect(await room.note(/Silence ends soon/)).toContain('<@U01ALICE>')
  expect((await room.sees(/^🔴 \*firing\*/)).message.ts).toBe(ts)
  expect(await room.note(/\*Silence ended\*/)).toMatch(/<@U01ALICE> <@U02BOB>[\s\S]*still fires/)
  expect(await room.standing()).toHaveLength(1)
})

test('that is gone from Consul vanishes, which is no recovery, until somebody closes it with a reason', async () => {
  const { room, seen, ts } = await firing(5)
  expect(buttonsOf(seen.message)).not.toContain('Close')
  await world.agent.json('PUT', '/v1/agent/service/deregister/svc-5')
  const gone = await room.sees(/^\S+ \*vanished\*/)
  expect(gone.words).toMatch(/gone from Consul since .*, nobody knows how it ended/)
  expect(await room.note(/^\S+ \*Vanished\*/)).toMatch(/That is not a recovery/)
  expect(buttonsOf(gone.message)).toContain('Close')

  expect(await room.answered('eve', () => room.pressOn('eve', 'alert.close', gone.message))).toMatch(/You may not run/)
  await room.pressOn('carol', 'alert.close', gone.message)
  await formOpens('Close')
  expect((await submit('carol', {})).errors).toEqual({ why: 'Say why in a few words.' })
  await room.answered('carol', async () => {
    expect((await submit('carol', { why: 'taken out of the rack' })).errors).toEqual({})
  })
  const closed = await room.sees(/^\S+ \*closed\*/)
  expect(closed.words).toMatch(/Closed by <@U03CAROL> at .*: `taken out of the rack`/)
  expect(await room.note(/^\S+ \*Closed\*/)).toMatch(/by <@U03CAROL>.*taken out of the rack/)
  expect(
    room
      .versions()
      .map(({ words }) => words)
      .filter((words) => words.includes('*resolved*')),
  ).toEqual([])
  expect(closed.message.ts).toBe(ts)
  expect(wordsOf(await room.now(ts))).toMatch(/^\S+ \*closed\*/)
})
