import { expect, test } from 'vitest'
import type { Firing, Schedule } from '../../../src/core/schedule.ts'
import { executionMessage, scheduleChangedMessage, scheduleMessage, waitingReply } from '../../../src/slack/messages.ts'
import { planOutput } from '../outputs.ts'
import { drawn } from '../reading.ts'
import { START, view, waiting } from '../scenes.ts'
import { complaints } from '../validate.ts'

const schedule: Schedule = {
  ...{ id: 'k3f9', version: 3, request: 'r', fixed: false, line: 'loadtest down', environment: 'loadtest' },
  ...{ owner: { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' }, channel: 'C01OPS' },
  ...{ when: { cron: '0 9 * * *', tz: 'Asia/Tokyo' }, overlap: 'skip', missed: 'skip', late: '15m', state: 'active' },
  ...{ next: START, firing: null, skipped: null, paused: null, createdAt: START, past: [] },
}
const firing = (change: Partial<Firing>): Firing => ({
  ...{ due: START, at: START, what: 'refused', execution: null, why: 'You may not run it.' },
  ...change,
})

test('an owner whose schedule was refused is mentioned, and told what he can do', () => {
  const message = scheduleMessage({ ...schedule, state: 'paused', next: null }, firing({}))
  expect(complaints(message)).toEqual([])
  expect(JSON.stringify(message.blocks)).toContain('<@U01ALICE>')
  const text = drawn(message)
  expect(text).toMatch(/refused: loadtest down of Sat 2026-11-21 02:40 Asia\/Tokyo/)
  expect(text).toMatch(/it is paused; schedule resume k3f9 goes on with it/)
})

test('nobody is mentioned for a time that was skipped or missed', () => {
  for (const what of ['skipped', 'missed'] as const) {
    const message = scheduleMessage(schedule, firing({ what, why: 'no bot was there' }))
    expect(complaints(message)).toEqual([])
    expect(JSON.stringify(message.blocks)).not.toContain('<@')
    expect(drawn(message)).toMatch(/Next: Sat 2026-11-21 02:40/)
  }
})

test('the owner of a schedule that somebody else paused or removed is mentioned, with who did it', () => {
  const told = (what: 'pause' | 'remove') =>
    scheduleChangedMessage({ ...schedule, changed: { what, by: '@U03CAROL', at: START } })
  const paused = told('pause')
  const removed = told('remove')
  if (!paused || !removed) throw new Error('There is no message.')
  expect([...complaints(paused), ...complaints(removed)]).toEqual([])
  expect(drawn(paused)).toMatch(
    /paused: schedule k3f9 \(loadtest down\) of @U01ALICE, by @U03CAROL.*schedule resume k3f9/,
  )
  expect(drawn(removed)).toMatch(/removed: schedule k3f9/)
  expect(scheduleChangedMessage(schedule)).toBeNull()
})

test('whatever a line or a reason says mentions and formats nothing', () => {
  const evil = '<!channel> `x` *bold* <@U04EVE> @U04EVE'
  const text = JSON.stringify(
    scheduleMessage({ ...schedule, line: evil }, firing({ what: 'missed', why: `no ${evil}` })).blocks,
  )
  expect(text).not.toMatch(/<!|<@U04EVE>/)
})

test('a wait that takes something away is said in the thread, with who asked, until when and what goes', () => {
  const { execution } = waiting().world
  const [first] = execution.stages
  if (!first) throw new Error('no stages')
  const stage = {
    ...({ ...first, id: 'wait', kind: 'wait', state: 'waiting', dueAt: START + 300_000, startedAt: START } as const),
    input: { plan: first.id, why: 'Then instances are taken away.', postpone: '30m' },
  }
  const message = waitingReply(execution, stage)
  expect(complaints(message)).toEqual([])
  expect(drawn(message)).toMatch(
    /loadtest up small --for 4h waits until 17:45 UTC, @U01ALICE[\s\S]*Then instances are taken away\. 6 to add[\s\S]*Postpone/,
  )
})

test('a plan says how it differs from what is live, what it costs, and what moved', () => {
  const plan = planOutput({
    changed: [{ name: 'app_count', from: 2, to: 5 }],
    sizes: { from: 'small', to: 'medium' },
    cost: { before: 0.2, after: 0.5, currency: 'EUR' },
    moved: ['aws_instance.web: type "a" → "<!here>"'],
  })
  const message = executionMessage(view(waiting(plan)))
  expect(complaints(message)).toEqual([])
  const text = drawn(message)
  expect(text).toContain('size small → medium, app_count 2 → 5')
  expect(text).toContain('0.20 EUR → 0.50 EUR an hour (+0.30 EUR)')
  expect(text).toContain('aws_instance.web: type "a"')
  expect(JSON.stringify(message)).not.toContain('<!here>')
})
