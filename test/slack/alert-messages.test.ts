import { describe, expect, test } from 'vitest'
import type { GroupState } from '../../src/core/alert.ts'
import {
  alertMessage,
  alertValue,
  catchUpMessage,
  escalationMessage,
  readAlertValue,
} from '../../src/slack/messages/alerts.ts'
import {
  acknowledgement,
  alert,
  at,
  behaviour,
  burst,
  group,
  shown,
  silence,
  states,
  tokens,
  withoutCalls,
} from './alert-groups.ts'
import { actionsOf, buttons, drawn, HOSTILE } from './reading.ts'
import { complaints } from './validate.ts'

const lines = (view = shown()) => drawn(alertMessage(view)).split('\n')
const RUNBOOK = 'alert.runbook'
const BUTTONS: Readonly<Record<GroupState, readonly string[]>> = {
  pending: ['alert.show', RUNBOOK],
  firing: ['alert.ack', 'alert.silence', 'alert.show', RUNBOOK],
  acknowledged: ['alert.silence', 'alert.show', RUNBOOK],
  silenced: ['alert.show', RUNBOOK],
  maintenance: ['alert.show', RUNBOOK],
  unknown: ['alert.ack', 'alert.silence', 'alert.show', RUNBOOK],
  vanished: ['alert.ack', 'alert.silence', 'alert.show', 'alert.close', RUNBOOK],
  resolved: ['alert.show'],
  moved: ['alert.show'],
  closed: ['alert.show'],
}

describe.each(Object.entries(states))('a group that is %s', (word, given) => {
  const message = alertMessage(shown({ group: given }))

  test('says so first, with severity, rule, datacenter and how many', () => {
    const first = drawn(message).split('\n')[0] ?? ''
    expect(first).toMatch(new RegExp(`^\\S+ ${word}: critical web in dc1, 1 `))
    expect(drawn({ text: message.text, blocks: [] }).startsWith(first)).toBe(true)
  })

  test('is taken by Slack, and is known again by its first block', () => {
    expect(complaints(withoutCalls(message))).toEqual([])
    expect(message.blocks[0]?.block_id).toBe('alert-k3f9x2ab-v7')
  })

  test('has the buttons that can be used then', () => {
    expect(actionsOf(message)).toEqual(BUTTONS[word as GroupState])
  })

  test('calls whom its rule names while it fires, and nobody otherwise', () => {
    const called = `<@U01ALICE> <!subteam^S01SRE> <!here>`
    const calls = JSON.stringify(message.blocks).includes(called)
    expect([calls, message.text.includes(called)]).toEqual([word === 'firing', word === 'firing'])
  })
})

describe('what fires', () => {
  test('is listed with what its check says in one line, since when', () => {
    expect(lines()).toContain('• web: HTTP on web-1: HTTP GET http://10.0.0.1:80: 500, since 12:04 UTC')
    expect(lines().join()).not.toContain('stack trace')
  })

  test('has the worst first, and then the oldest; another status than the severity of its group is said', () => {
    const alerts = [
      alert({ node: 'c', status: 'warning', since: at(1) }),
      alert({ node: 'b', since: at(3) }),
      alert({ node: 'a', since: at(2) }),
    ]
    const found = lines(shown({ group: group({ alerts }) })).filter((line) => line.startsWith('•'))
    expect(found.map((line) => /on (\w)/.exec(line)?.[1])).toEqual(['a', 'b', 'c'])
    expect(found[2]).toContain('on c (warning): ')
  })

  test('whose time ran out gives no sign of life, with its last output apart', () => {
    const output = 'TTL expired (last output before timeout follows): CRITICAL: 120 denied in 5m'
    expect(lines(shown({ group: group({ alerts: [alert({ output })] }) })).join('\n')).toContain(
      'no sign of life; its last output was CRITICAL: 120 denied in 5m, since 12:04 UTC',
    )
    const silent = group({ alerts: [alert({ output: 'TTL expired' })] })
    expect(lines(shown({ group: silent })).join('\n')).toContain('web-1: no sign of life, since')
    const monitor = alert({ service: 'vault-audit-monitor', check: 'silent:x', name: 'no sign of life', output })
    expect(lines(shown({ group: group({ alerts: [monitor] }) })).join('\n')).toContain(
      'no sign of life on web-1: its last output was CRITICAL: 120 denied in 5m, since 12:04 UTC',
    )
  })

  test('is marked where it flaps, passes for a moment, or is not in Consul', () => {
    const marked = alert({ flapping: at(5), passingSince: at(6), missingSince: at(7) })
    expect(lines(shown({ group: group({ alerts: [marked] }) })).join('\n')).toContain(
      'since 12:04 UTC, passes since 12:06 UTC, not in Consul since 12:07 UTC 〰️ flapping since 12:05 UTC',
    )
  })

  test('comes before the rest, in the order in which it matters', () => {
    const alerts = [
      ...Object.values(states).flatMap((each) => each.alerts),
      alert({ state: 'unknown', silence: 's7k2', since: at(2) }),
    ]
    const text = drawn(alertMessage(shown({ group: group({ alerts }) })))
    const places = [
      'critical web in dc1, 2 firing, 1 unknown, 1 vanished, 1 in maintenance, 2 silenced, 1 pending, 1 resolved, 1 moved, 1 closed',
      '@U01ALICE',
      'HTTP 500'.slice(0, 4),
      'Unknown: ',
      'Vanished',
      'gone from Consul since 12:03 UTC, nobody knows how it ended',
      'In maintenance',
      'kernel update',
      'Silenced',
      'unknown since 12:02 UTC',
      'Resolved',
      'Moved',
      'Closed',
      'Silence s7k2 until 13:02 UTC by @U02BOB: new rack (service web-*, datacenter dc1)',
      'Next: ',
    ].map((words) => text.indexOf(words))
    expect(places.every((place) => place >= 0)).toBe(true)
    expect(places).toEqual(places.toSorted((one, other) => one - other))
  })

  test('a time of another day than the newest one has its day', () => {
    const old = alert({ since: at(-3000) })
    expect(lines(shown({ group: group({ alerts: [old, alert()] }) })).join('\n')).toContain(
      'since 2026-11-18 10:00 UTC',
    )
    expect(lines().at(-1)).toBe('k3f9x2ab, opened 2026-11-20 12:00 UTC, last change 2026-11-20 12:04 UTC')
  })
})

describe('what people did', () => {
  test('who looks after it, until when and why', () => {
    const text = drawn(alertMessage(shown({ group: states.acknowledged })))
    expect(text).toContain('Acknowledged by @U01ALICE at 12:06 UTC, until 16:06 UTC: the disk is being changed')
    expect(text).toContain('Next: mend it; what still fires at 16:06 UTC calls again.')
  })

  test('a silence that is known no more is named by its id', () => {
    expect(drawn(alertMessage(shown({ group: states.silenced, silences: [] })))).toContain('🔕 Silence s7k2\n')
  })

  test('who closed it, and why', () => {
    expect(drawn(alertMessage(shown({ group: states.closed })))).toContain('Closed by @U02BOB at 12:09 UTC: taken away')
  })

  test('what happens if nobody does anything is said without calling anybody', () => {
    const next = (given = group()) => lines(shown({ group: given })).find((line) => line.startsWith('Next'))
    expect(next()).toContain('if nobody does by 12:19 UTC, it goes on to the channel ops.')
    const told = { step: 1, rung: 0, since: at(4), at: at(19), channel: 'ops' }
    expect(next(group({ escalated: [told] }))).toContain('by 13:04 UTC, other people are called.')
    expect(next(group({ escalated: [{ ...told, since: at(-60) }] }))).toContain('by 12:19 UTC')
    expect(JSON.stringify(alertMessage(shown()).blocks)).not.toMatch(/U02BOB|<!channel>/)
  })
})

describe('figures', () => {
  test('of denied requests, of when they are, with who, where and from where most came', () => {
    const text = drawn(alertMessage(shown({ group: group({ alerts: [alert({ details: burst })] }) })))
    expect(text).toContain('120 denied, 3 failed logins in 5 min, 800 denied in 60 min (as of 12:04 UTC)')
    expect(text).toContain('most of the hour by ci-runner (500), on secret/data/prod (640), from 10.0.0.9 (500)')
  })

  test('where only the check says them, its text is said to be of then', () => {
    const given = alert({ service: 'vault-audit-monitor', output: 'CRITICAL: 120 denied in 5m.', outputAt: at(-2) })
    expect(lines(shown({ group: group({ alerts: [given] }) })).join('\n')).toContain(
      'CRITICAL: 120 denied in 5m, as of 11:58 UTC, since',
    )
    expect(lines().join('\n')).not.toContain('as of')
  })

  test('of tokens: the worst first with time left, owner, renewal and how to; what needs nobody is left out', () => {
    const message = alertMessage(shown({ group: group({ alerts: [alert({ details: tokens })] }) }))
    expect(complaints(withoutCalls(message))).toEqual([])
    const text = drawn(message)
    expect(text).toContain('(as of 12:03 UTC)')
    expect(text).toContain(
      '• ci critical: ends in 5 h, owner team-ci, renewal: the monitor may not renew it, how to renew (https://example.slack.com/renew)\n• nomad warning: ends in 3 d',
    )
    expect(text).not.toContain('fine')
  })
})

describe('what others wrote', () => {
  const evil = `${HOSTILE}\n<!channel> https://evil.example/a _i_ ~s~ :fire: ${'x`'.repeat(2_000)}`
  const entry = { status: 'critical', text: evil, owner: evil, runbook: 'javascript:alert(1)', renewal: evil } as const
  const top = Array.from({ length: 5 }, () => ({ name: evil, count: 1 }))
  const worst = {
    ...{ node: evil, name: evil, service: evil, check: evil, output: evil, why: evil },
    maintenance: { reason: evil, since: at(1) },
  }
  const all = group({
    ...{ rule: evil, dc: evil, acknowledged: { ...acknowledgement, why: evil } },
    alerts: [
      alert({
        ...worst,
        maintenance: null,
        details: { ...burst, top: { class: top, principal: top, path: top, address: top } },
      }),
      alert({
        ...worst,
        maintenance: null,
        details: {
          kind: 'token-expiry',
          at: at(1),
          entries: Array.from({ length: 20 }, () => ({ ...entry, name: evil })),
        },
      }),
      ...Object.values(states).flatMap(({ alerts }) => alerts.map((each) => ({ ...each, ...worst, silence: null }))),
      ...Object.values(states).flatMap(({ alerts }) =>
        alerts.map((each) => ({ ...each, ...worst, maintenance: null })),
      ),
      alert({ ...worst, maintenance: null, silence: 's7k2' }),
    ],
  })
  const said = { ...silence, why: evil, matchers: { service: evil, node: evil } }

  test.each(Object.keys(states) as GroupState[])(
    'never pings, links, formats or breaks the message of one that is %s',
    (state) => {
      const message = alertMessage(shown({ group: { ...all, state }, silences: [said] }))
      expect(complaints(withoutCalls(message))).toEqual([])
      const text = JSON.stringify(message)
      expect(text).not.toContain('<@U03CAROL>')
      expect(text).not.toContain('<https://evil')
      expect(text).not.toContain('javascript:')
      // Whatever is not in code is ours.
      const seen = message.blocks.filter(({ type }) => type !== 'actions')
      const bare = seen.map((block) => JSON.stringify(block).replace(/`[^`]*`/g, '')).join()
      expect(bare).not.toMatch(/evil\.example|:fire:|_i_/)
    },
  )

  test.each([
    ['an id of nobody', ['everyone', 'C01OPS', '<!channel>', 'U1|x']],
    ['nobody', []],
  ])('%s is not called', (_, mention) => {
    const message = alertMessage(shown({ behaviour: { ...behaviour, mention } }))
    expect(JSON.stringify(message)).not.toMatch(/<!|<@/)
  })
})

describe('a thousand alerts', () => {
  const many = (change: object) =>
    Array.from({ length: 1_000 }, (_, index) =>
      alert({ node: `node-${index}-${'n'.repeat(200)}`, output: 'o'.repeat(600), ...change }),
    )

  test('are one message with its buttons, that says how many more there are', () => {
    const message = alertMessage(shown({ group: group({ alerts: many({}) }) }))
    expect(complaints(withoutCalls(message))).toEqual([])
    expect(actionsOf(message)).toEqual(BUTTONS.firing)
    const text = drawn(message)
    const listed = text.split('\n').filter((line) => line.startsWith('•')).length
    expect(listed).toBeGreaterThan(5)
    expect(text).toContain(`… +${1_000 - listed} more`)
  })

  test('of every kind, each with details, too; no count is wrong by what was cut', () => {
    const alerts = Object.values(states).flatMap((each) =>
      many({ ...each.alerts[0], node: 'n'.repeat(300), details: burst }),
    )
    const message = alertMessage(shown({ group: group({ alerts, acknowledged: acknowledgement }) }))
    expect(complaints(withoutCalls(message))).toEqual([])
    expect(JSON.stringify(message)).not.toMatch(/more (line|character)s/)
  })
})

describe('buttons', () => {
  test('name the group and nothing else, and are read back', () => {
    expect(buttons(alertMessage(shown())).map(({ value }) => value)).toEqual(Array(4).fill('alert|k3f9x2ab'))
    expect(readAlertValue(alertValue('k3f9x2ab'))).toBe('k3f9x2ab')
  })

  test.each(['', 'k3f9', 'alert|', 'alert|a b', 'alert|a|b', 'alert|<x>', 'r|j|1', null, undefined, {}])(
    'a value that is none of ours is refused: %j',
    (value) => expect(readAlertValue(value)).toBeNull(),
  )

  test('there is none for a runbook that the rule does not name, or that Slack does not take', () => {
    for (const runbook of [undefined, `https://example.slack.com/${'x'.repeat(3_000)}`]) {
      expect(actionsOf(alertMessage(shown({ behaviour: { ...behaviour, runbook } })))).not.toContain(RUNBOOK)
    }
  })

  test('Runbook opens its page', () => {
    expect(JSON.stringify(alertMessage(shown()))).toContain('"url":"https://example.slack.com/runbooks/web"')
  })
})

describe('an escalation', () => {
  const escalated = { step: 1, rung: 0, since: at(4), at: at(19), channel: 'ops' }
  const view = { behaviour, escalated, url: 'https://example.slack.com/archives/C1/p1' }

  test('calls whom its step names, with what fires and a link', () => {
    const message = escalationMessage({ ...view, group: group({ escalated: [escalated] }) })
    expect(complaints(message)).toEqual([])
    expect(message.text).toContain('<@U02BOB>')
    expect(drawn(message)).toMatch(
      /firing: critical web[\s\S]*@U02BOB[\s\S]*at 12:19 UTC: nobody had acknowledged it within 15 m\. Its message \(https[\s\S]*HTTP on web-1/,
    )
    expect(message.blocks[0]?.block_id).toBe('alert-escalation-k3f9x2ab-1-v7')
  })

  test('says in place when somebody acknowledged or when it is over, and calls nobody then', () => {
    const acknowledged = escalationMessage({ ...view, group: states.acknowledged })
    const resolved = escalationMessage({ ...view, group: states.resolved })
    expect(drawn(acknowledged)).toMatch(/acknowledged: critical[\s\S]*Acknowledged by @U01ALICE/)
    expect(drawn(resolved)).toMatch(/resolved: critical/)
    expect(JSON.stringify([acknowledged, resolved])).not.toContain('U02BOB')
    expect([actionsOf(acknowledged), actionsOf(resolved)]).toEqual([BUTTONS.acknowledged, BUTTONS.resolved])
  })
})

test('what happened while nobody watched is one message, however much it was', () => {
  const ids = Array.from({ length: 300 }, (_, index) => `g${index}`)
  const caughtUp = { at: at(60), since: at(0), channel: 'C01OPS', raised: ids, ended: ['k3f9x2ab'], open: 301 }
  const linkOf = (id: string) => (id === 'g0' ? 'https://example.slack.com/archives/C1/p1' : undefined)
  const message = catchUpMessage({ caughtUp, groups: [group({ id: 'g0' }), states.resolved], linkOf })
  expect(complaints(message)).toEqual([])
  const text = drawn(message)
  expect(text).toContain('Nobody watched from 2026-11-20 12:00 UTC to 13:00 UTC')
  expect(text).toContain('300 new, 1 over, 301 open now.')
  expect(text).toContain('• g0 (https://example.slack.com/archives/C1/p1) 🔴 firing: critical web in dc1, 1 firing')
  expect(text).toContain('… +288 more')
  expect(text).toContain('• k3f9x2ab ✅ resolved')
})
