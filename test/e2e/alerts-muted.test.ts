import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { register, report } from '../consul.ts'
import { type AlertWorld, alertsIn, count, startAlertWorld } from './alerts.ts'
import { people } from './site.ts'

let world: AlertWorld

beforeAll(async () => {
  const rule = (at: number, more: object = {}) => ({
    name: `rule-${at}`,
    service: `svc-${at}`,
    channel: `room-${at}`,
    mention: [people.bob],
    ...more,
  })
  const escalate = [
    { after: '1s', channel: 'room-9', mention: [people.carol] },
    { after: '2s', mention: ['S01LEADS'] },
  ]
  world = await startAlertWorld({
    rules: [rule(1), rule(2), rule(3, { remind: ['1s'] }), rule(4, { remind: ['1s'], escalate }), rule(5)],
    flap: { changes: 3, within: '30m', quiet: '4s' },
  })
})
afterAll(() => world?.stop())

const says = (at: number, status: string, output = `it is ${status}`) =>
  report(world.agent, `service:svc-${at}`, status, output)
const maintenance = (path: string, enable: boolean) =>
  world.agent.json('PUT', `/v1/agent/${path}?enable=${enable}&reason=${encodeURIComponent('a new kernel')}`)

describe.concurrent('an alert', () => {
  test('that gets worse goes on in the message of the other severity, and both say so', async () => {
    const [mild, bad] = [alertsIn(world, 1, /: warning `rule-1`/), alertsIn(world, 1, /: critical `rule-1`/)]
    await register(world.agent, { id: 'svc-1' })
    await says(1, 'warning')
    expect((await mild.sees(/^🟠 \*firing\*/)).words).toContain('<@U02BOB>')
    await says(1, 'critical')
    expect((await bad.sees(/^🔴 \*firing\*/)).words).toContain('<@U02BOB>')
    const moved = await mild.sees(/^\S+ \*moved\*/)
    expect(moved.words).toMatch(/goes on as critical by the rule rule-1/)
    expect(moved.words).not.toContain('<@')
    await mild.note(/^\S+ \*Moved\*: 1 check/)
    await says(1, 'passing')
    await bad.sees(/^✅ \*resolved\*/)
    await bad.note(/^✅ \*Resolved\*/)
    expect(mild.versions().at(-1)?.words).toMatch(/^\S+ \*moved\*/)
    expect(await bad.standing()).toHaveLength(2)
  })

  test('that flaps says so once, is firing while it does, and is resolved when it has been still', async () => {
    const room = alertsIn(world, 2)
    await register(world.agent, { id: 'svc-2' })
    for (const [status, shown] of [
      ['critical', /^🔴/],
      ['passing', /^✅/],
      ['critical', /^🔴[\s\S]*flapping since/],
      ['passing', /^🔴[\s\S]*flapping since/],
    ] as const) {
      await says(2, status)
      await room.sees(shown)
    }
    await room.note(/\*Flapping\*/)
    await room.sees(/^✅ \*resolved\*/)
    await room.note(/\*Resolved\*[\s\S]*Now: 1 resolved/)
    expect(count(await room.notes(), /\*Flapping\*/)).toBe(1)
    expect(count(await room.notes(), /\*Fires again\*/)).toBe(0)
    expect(await room.standing()).toHaveLength(1)
  })

  test('is muted while its service is in maintenance, without reminders; the end is told, and it calls again', async () => {
    const room = alertsIn(world, 3)
    await register(world.agent, { id: 'svc-3' })
    await says(3, 'critical')
    const { ts } = (await room.sees(/^🔴 \*firing\*/)).message
    await room.note(/\*Reminder\*/)
    await maintenance('service/maintenance/svc-3', true)
    const quiet = await room.sees(/^\S+ \*maintenance\*/)
    expect(quiet.words).toMatch(/In maintenance\*: nobody is called[\s\S]*`a new kernel`/)
    expect(quiet.words).not.toContain('<@')
    await room.note(/^\S+ \*In maintenance\*.*a new kernel/)
    await maintenance('service/maintenance/svc-3', false)
    await room.sees(/^🔴 \*firing\*/)
    expect(await room.note(/^\S+ \*Maintenance ended\*/)).toContain('<@U02BOB>')
    const said = await waitForReminderAfter(room, /Maintenance ended/)
    const [from, to] = [/In maintenance/, /Maintenance ended/].map((wanted) =>
      said.findIndex((each) => wanted.test(each)),
    )
    expect(count(said.slice(from, to), /\*Reminder\*/)).toBe(0)
    await says(3, 'passing')
    expect((await room.sees(/^✅/)).message.ts).toBe(ts)
  })

  test('that nobody takes calls others, in the thread and in another channel, until somebody does; then all rest', async () => {
    const [room, other] = [alertsIn(world, 4), alertsIn(world, 9)]
    await register(world.agent, { id: 'svc-4' })
    await says(4, 'critical')
    const first = await room.sees(/^🔴 \*firing\*/)
    expect(first.words).toMatch(/if nobody does by .*, it goes on to the channel `room-9`/)
    await room.note(/^\S+ \*Escalated\*.*told in the channel `room-9`/)
    expect(await room.note(/^\S+ \*Escalated\*(?!.*room-9)/)).toContain('<!subteam^S01LEADS>')
    const call = await escalated((words) => words.includes('<@U03CAROL>'))
    expect(call.words).toMatch(/^🔴 \*firing\*: critical `rule-4`[\s\S]*nobody had acknowledged it within [12] s/)

    await other.pressOn('carol', 'alert.ack', call.message)
    await room.sees(/^\S+ \*acknowledged\*/)
    const taken = await escalated((words) => words.startsWith('👀 *acknowledged*'))
    expect(taken.message.ts).toBe(call.message.ts)
    expect(taken.words).toMatch(/Acknowledged by <@U03CAROL>/)
    await room.note(/Acknowledgement is over/)
    const said = await waitForReminderAfter(room, /Acknowledgement is over/)
    const [from, to] = [/\*Acknowledged\*/, /Acknowledgement is over/].map((wanted) =>
      said.findIndex((each) => wanted.test(each)),
    )
    expect(count(said.slice(from, to), /\*Reminder\*|\*Escalated\*/)).toBe(0)

    await says(4, 'passing')
    await room.sees(/^✅ \*resolved\*/)
    await escalated((words) => words.startsWith('✅ *resolved*'))
    await room.note(/\*Resolved\*/)
    expect((await room.notes()).at(-1)).toMatch(/\*Resolved\*/)
    expect(await room.standing()).toHaveLength(1)
  })

  /** A version of a message in the other channel. */
  async function escalated(fits: (words: string) => boolean) {
    const other = alertsIn(world, 9)
    const find = () => world.heard.find(({ message, words }) => message.channel === other.channel && fits(words))
    return waitFor(find, { what: 'the escalation in the other channel', within: '50s' })
  }

  /** All replies, once there is a reminder after another one. */
  async function waitForReminderAfter(room: ReturnType<typeof alertsIn>, wanted: RegExp): Promise<string[]> {
    const find = async () => {
      const all = await room.notes()
      const at = all.findIndex((words) => wanted.test(words))
      return at >= 0 && count(all.slice(at), /\*Reminder\*/) > 0 ? all : undefined
    }
    return waitFor(find, { what: `a reminder after ${wanted}`, within: '50s' })
  }
})

test('in maintenance with its whole node is muted, and nothing that begins meanwhile calls anybody', async () => {
  const room = alertsIn(world, 5)
  await maintenance('maintenance', true)
  await register(world.agent, { id: 'svc-5' })
  await says(5, 'critical')
  const listed = async () => /maintenance\* critical `rule-5`/.test(await room.type('alice', 'alerts list'))
  await waitFor(listed, { what: 'the muted alert in the list', within: '50s', every: 200 })
  expect(await room.standing()).toEqual([])
  await maintenance('maintenance', false)
  expect((await room.sees(/^🔴 \*firing\*/)).words).toContain('<@U02BOB>')
  await room.note(/^\S+ \*Maintenance ended\*/)
  expect(await room.standing()).toHaveLength(1)
})
