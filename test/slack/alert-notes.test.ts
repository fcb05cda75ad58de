import { describe, expect, test } from 'vitest'
import type { AlertNote } from '../../src/core/alert.ts'
import { alertNoteMessage, pictureOf } from '../../src/slack/messages/alerts.ts'
import { at, burst, group, note, tokens, withoutCalls } from './alert-groups.ts'
import { drawn, HOSTILE } from './reading.ts'
import { bob } from './scenes.ts'
import { complaints } from './validate.ts'

const until = at(62)
const said = (given: Partial<AlertNote>) => drawn(alertNoteMessage(group(), note(given)))

/** Every kind, and what its first line says. */
const KINDS: Readonly<Record<AlertNote['what'], readonly [given: Partial<AlertNote>, first: RegExp]>> = {
  raised: [{}, /🚨 New: 1 check at 12:08 UTC/],
  again: [{}, /Fires again: 1 check/],
  resolved: [{}, /✅ Resolved: 1 check/],
  changed: [{}, /Changed: 1 check/],
  moved: [{}, /Moved: 1 check/],
  vanished: [{}, /Vanished: 1 check[\s\S]*nobody knows how it ended\. That is not a recovery/],
  returned: [{}, /Back: 1 check/],
  unknown: [{}, /Unknown: 1 check[\s\S]*cannot be said/],
  known: [{}, /Known again: 1 check/],
  flapping: [{}, /Flapping: 1 check[\s\S]*not told each time/],
  steady: [{}, /Steady again: 1 check/],
  acknowledged: [
    { by: bob, until, why: 'on it' },
    /Acknowledged: 1 check by @U02BOB at 12:08 UTC, until 13:02 UTC: on it/,
  ],
  lapsed: [{ by: bob }, /Acknowledgement is over: 1 check of @U02BOB[\s\S]*nobody looks after it/],
  silenced: [
    { by: bob, until, why: 'new rack' },
    /Silenced: 1 check by @U02BOB at 12:08 UTC, until 13:02 UTC: new rack/,
  ],
  'silence-ends': [
    { by: bob, until, why: 's7k2' },
    /Silence ends soon: 1 check of @U02BOB at 12:08 UTC, until 13:02 UTC \(silence s7k2\)/,
  ],
  'silence-ended': [{ by: bob }, /Silence ended: 1 check of @U02BOB[\s\S]*It still fires/],
  maintenance: [{ why: 'kernel update' }, /In maintenance: 1 check at 12:08 UTC: kernel update/],
  'maintenance-ended': [{}, /Maintenance ended: 1 check[\s\S]*It still fires/],
  reminder: [{}, /Reminder: 1 check[\s\S]*nobody has acknowledged it/],
  escalated: [{ why: 'ops' }, /Escalated: 1 check at 12:08 UTC, told in the channel ops/],
  closed: [{ by: bob, why: 'taken away' }, /Closed: 1 check by @U02BOB at 12:08 UTC: taken away/],
}

describe.each(Object.entries(KINDS))('a reply that something is %s', (what, [given, first]) => {
  const message = alertNoteMessage(group(), note({ ...given, what: what as AlertNote['what'] }))

  test('says what changed, for which check, and how the group stands now', () => {
    const text = drawn(message)
    expect(text).toMatch(first)
    expect(text).toContain('• web: HTTP on web-2: HTTP 500')
    expect(text).toContain('Now: 1 firing')
    expect(message.text).toContain('firing: critical `web` in `dc1`')
  })

  test('is taken by Slack, and is known again by its first block', () => {
    expect(complaints(message)).toEqual([])
    expect(message.blocks[0]?.block_id).toBe('alert-note-k3f9x2ab-3-v7')
  })

  test('calls whom the note calls', () => {
    const mention = ['U02BOB', 'W01ORG', 'S01SRE', 'here', 'channel', 'everyone']
    const calling = alertNoteMessage(group(), note({ ...given, what: what as AlertNote['what'], mention }))
    const called = '<@U02BOB> <@W01ORG> <!subteam^S01SRE> <!here> <!channel>'
    expect(JSON.stringify(calling.blocks)).toContain(called)
    expect(calling.text).toContain(called)
    expect(complaints(withoutCalls(calling))).toEqual([])
  })
})

describe('items', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ label: `l${index}`, text: 'x'.repeat(300) }))

  test('that are too many are counted, those that were not kept as well', () => {
    const text = said({ items: [...many(50), { label: '… +950 more', text: '' }] })
    expect(text).toContain('New: 1000 checks')
    const listed = text.split('\n').filter((line) => line.startsWith('•')).length
    expect(text).toContain(`… +${1_000 - listed} more`)
    expect(text.match(/more/g)).toHaveLength(1)
  })

  test('without any there is no list and no count', () => {
    expect(said({ what: 'acknowledged', items: [], by: bob, until })).toMatch(/^👀 Acknowledged by @U02BOB at/)
  })

  test('whose time ran out give no sign of life', () => {
    const text = 'TTL expired (last output before timeout follows): all well'
    expect(said({ items: [{ label: 'a', text }] })).toContain('• a: no sign of life; its last output was all well')
  })

  test('that were found late are said to be', () => {
    expect(said({ unwatchedSince: at(-60) })).toContain('Nobody watched from 11:00 UTC to 12:08 UTC')
  })

  test('have the figures of a burst: who, where, from where and of what kind', () => {
    const message = alertNoteMessage(group(), note({ items: [{ label: 'a', text: '', details: burst }] }))
    expect(complaints(message)).toEqual([])
    const text = drawn(message)
    expect(text).toContain('120 denied, 3 failed logins in 5 min, 800 denied in 60 min (as of 12:04 UTC)')
    expect(text).toContain(
      'Principals: ci-runner 500, bob 40\nPaths: secret/data/prod 640\nAddresses: 10.0.0.9 500\nKinds: policy 700',
    )
  })

  test('have what tokens have left, whose they are and how to renew them', () => {
    const message = alertNoteMessage(group(), note({ items: [{ label: 'a', text: '', details: tokens }] }))
    expect(complaints(message)).toEqual([])
    expect(drawn(message)).toMatch(
      /ci critical: ends in 5 h, owner team-ci, renewal: the monitor may not renew it, how to renew \(https/,
    )
  })
})

test('what others wrote is only text', () => {
  const evil = `${HOSTILE}\nhttps://evil.example ${'`x '.repeat(1_500)}`
  const top = Array.from({ length: 5 }, () => ({ name: evil, count: 2 }))
  const audit = { ...burst, top: { class: top, principal: top, path: top, address: top } }
  const entry = {
    name: evil,
    status: 'critical',
    text: evil,
    owner: evil,
    runbook: 'javascript:x',
    renewal: evil,
  } as const
  const ending = { kind: 'token-expiry', at: at(1), entries: Array.from({ length: 20 }, () => entry) } as const
  const items = Array.from({ length: 50 }, (_, index) => ({
    label: evil,
    text: evil,
    details: index % 2 ? audit : ending,
  }))
  for (const what of Object.keys(KINDS) as AlertNote['what'][]) {
    const message = alertNoteMessage(group({ rule: evil, dc: evil }), note({ what, items, by: bob, why: evil }))
    expect(complaints(message)).toEqual([])
    expect(JSON.stringify(message)).not.toMatch(/<@U03CAROL>|<https:|javascript:/)
    expect(message.blocks.map((block) => JSON.stringify(block).replace(/`[^`]*`/g, '')).join()).not.toContain('evil')
  }
})

describe('the picture of the last hour', () => {
  test('is drawn from the figures of its note, and told in words', () => {
    const picture = pictureOf(group(), note({ items: [{ label: 'a', text: '', details: burst }] }))
    expect(picture?.chart).toMatchObject({ subtitle: 'web in dc1, 120 in all', endsAt: at(4) })
    expect(picture?.chart.minutes).toHaveLength(60)
    expect(picture?.words).toMatch(/120 in all/)
  })

  test.each([
    ['figures', []],
    ['anything found', [{ label: 'a', text: '', details: { ...burst, minutes: Array(60).fill(0) } }]],
    ['minutes', [{ label: 'a', text: '', details: { ...burst, minutes: [] } }]],
    ['anything but tokens', [{ label: 'a', text: '', details: tokens }]],
  ])('is none without %s', (_, items) => expect(pictureOf(group(), note({ items }))).toBeNull())
})
