import { describe, expect, test } from 'vitest'
import type { ServiceWatch, WatchedInstance, WatchNote } from '../../../src/core/consul/watch.ts'
import { readLineValue } from '../../../src/slack/messages/line-buttons.ts'
import { readWatchValue, watchMessage, watchNoteMessage, watchValue } from '../../../src/slack/messages/watch.ts'
import { answerMessage } from '../../../src/slack/messages.ts'
import { actionsOf, buttons, drawn } from '../reading.ts'
import { complaints } from '../validate.ts'

const NOON = Date.UTC(2026, 10, 20, 12)
const instance = (id: string, change: Partial<WatchedInstance> = {}): WatchedInstance => ({
  ...{ dc: 'dc1', node: 'n1', id, place: '10.0.0.1:80', state: 'passing', said: '' },
  ...change,
})
const watch = (change: Partial<ServiceWatch> = {}): ServiceWatch => ({
  ...{
    id: 'w1',
    version: 3,
    service: 'web',
    dc: null,
    by: { kind: 'slack', team: 'T01', user: 'U01ALICE' },
    channel: 'C01',
  },
  ...{
    from: NOON,
    until: NOON + 3_600_000,
    looked: ['dc1'],
    instances: [instance('a')],
    blind: [],
    notes: [],
    told: 0,
  },
  ...{ ended: null },
  ...change,
})

describe('the message of a watch', () => {
  test('says how the service stands, until when it is followed and for whom, and can be stopped', () => {
    const message = watchMessage(
      watch({ instances: [instance('a'), instance('b', { state: 'critical', said: '`http` *critical*: `no`' })] }),
    )
    expect(drawn(message)).toMatch(
      /Watching web until 11-20 13:00 UTC, for @U01ALICE[\s\S]*1 critical, 🟢 1 passing of 2[\s\S]*http critical: no[\s\S]*Stop/,
    )
    expect(actionsOf(message)).toEqual(['consul.watch.stop'])
    expect(complaints(message)).toEqual([])
  })

  test('keeps to the limits with a great many sick instances, whatever they are called', () => {
    const instances = Array.from({ length: 5000 }, (_, at) =>
      instance(`<!channel>\`*${at}*\``, {
        state: 'critical',
        said: `\`x\` *critical*: \`${'<@U01ALICE> '.repeat(20)}\``,
      }),
    )
    const message = watchMessage(watch({ service: '`<!here>`', instances }))
    expect(complaints(message)).toEqual([])
    expect(JSON.stringify(message)).not.toMatch(/<!(here|channel)>/)
    expect(drawn(message)).toContain('… +4992 more')
  })

  test('names what cannot be asked, and ends without a button', () => {
    const blind = [{ dc: 'dc2', why: 'no answer in 1.5 s', since: NOON }]
    expect(drawn(watchMessage(watch({ blind })))).toMatch(/dc2 cannot be asked since 11-20 12:00 UTC: no answer/)
    const over = watchMessage(
      watch({ ended: { at: NOON + 60_000, by: { kind: 'slack', team: 'T01', user: 'U02BOB' } } }),
    )
    expect(drawn(over)).toMatch(/Followed web from 11-20 12:00 UTC to 11-20 12:01 UTC, ended by @U02BOB/)
    expect(actionsOf(over)).toEqual([])
  })
})

test('a reply tells each change, and that nobody looked', () => {
  const note: WatchNote = {
    ...{ n: 1, at: NOON, missed: true },
    changes: [
      { what: 'came', from: null, instance: instance('a') },
      { what: 'went', from: 'critical', instance: instance('b') },
      {
        what: 'turned',
        from: 'passing',
        instance: instance('c', { state: 'warning', said: '`http` *warning*: `slow`' }),
      },
      { what: 'blind', dc: 'dc2', why: 'no answer' },
      { what: 'sees', dc: 'dc3', instances: 2 },
      { what: 'stopped', by: { kind: 'shell', user: 'ann' } },
    ],
  }
  const message = watchNoteMessage(watch(), note)
  const said = drawn(message)
  for (const each of [
    'Nobody looked',
    'a) on n1 in dc1 came',
    'went; it was critical',
    'is warning, it was passing: http warning: slow',
    'dc2 cannot be asked',
    'dc3 answers again, with 2 instances',
    'Stopped by shell:ann',
  ])
    expect(said).toContain(each)
  expect(complaints(message)).toEqual([])
  const many = { ...note, changes: Array.from({ length: 3000 }, () => note.changes[2] as WatchNote['changes'][number]) }
  expect(complaints(watchNoteMessage(watch(), many))).toEqual([])
})

describe('values of buttons', () => {
  test('are read only where they are ours', () => {
    expect(readWatchValue(watchValue('k3f9'))).toBe('k3f9')
    for (const wrong of ['alert|k3f9', 'consul-watch|', 'consul-watch|a b', undefined, { a: 1 }])
      expect(readWatchValue(wrong)).toBeNull()
    expect(readLineValue('line|consul dc')).toBe('consul dc')
    for (const wrong of ['consul dc', 'line|', 'line|  ', undefined]) expect(readLineValue(wrong)).toBeNull()
  })

  test('of an answer carry its line; one that is too long for a button is left to be typed', () => {
    const message = answerMessage({
      text: 'x',
      buttons: [
        { label: 'Next page', line: 'consul services --page 2' },
        { label: 'Too long', line: 'y'.repeat(3000) },
      ],
    })
    expect(buttons(message).map(({ value }) => value)).toEqual(['line|consul services --page 2'])
    expect(complaints(message)).toEqual([])
  })
})
