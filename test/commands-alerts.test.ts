import { describe, expect, test } from 'vitest'
import { loadCommands } from '../src/commands.ts'
import type { AlertAnswers, Watched } from '../src/core/alert/asking.ts'
import type { AlertGroup, AlertNote, Silence } from '../src/core/alert.ts'
import { createCatalog, MissingArguments, parseCommand } from '../src/core/command.ts'
import type { Site } from '../src/core/site.ts'
import type { AnswerContext } from '../src/core/workflow.ts'
import { answerMessage } from '../src/slack/messages.ts'
import { alertOf, alertSite, bob, groupOf, MINUTE, NOW, silenceOf } from './core/alert-site.ts'
import { site as without } from './core/sample-site.ts'

const commands = (await loadCommands(['commands'])).filter(({ name }) => name.startsWith('alerts '))

const watching: Watched = {
  by: 'bot-1',
  at: NOW - 2000,
  datacenters: [
    { dc: 'dc1', at: NOW - 3000, checks: 120, trouble: null },
    { dc: 'dc2', at: NOW - 9000, checks: 1, trouble: null },
  ],
}

type World = {
  readonly groups?: readonly AlertGroup[]
  readonly silences?: readonly Silence[]
  readonly watched?: Watched
  readonly site?: Site
}

/** What `crew.alerts` was asked to do: deeds are the engine's, and here only handed on. */
function asking({ groups = [], silences = [], watched = watching }: World) {
  const asked: unknown[][] = []
  const deed = async (...of: unknown[]) => {
    asked.push(of)
    return 'done'
  }
  const alerts: AlertAnswers = {
    list: async ({ all }) => groups.filter(({ endedAt }) => all || endedAt === null),
    find: async (id) => groups.find((group) => group.id.startsWith(id)) ?? groupOf(),
    acknowledge: (id, mute) => deed('acknowledge', id, mute),
    silence: (what, mute) => deed('silence', what, mute),
    unsilence: (id) => deed('unsilence', id),
    silences: async () => [...silences],
    close: (id, why) => deed('close', id, why),
    test: (rule, options) => deed('test', rule, options),
    watched: async () => watched,
  }
  return { alerts, asked }
}

async function run(line: string, world: World = {}) {
  const { site = alertSite } = world
  const { alerts, asked } = asking(world)
  const { command, args } = parseCommand(createCatalog(commands, site), line)
  const context = { site, now: NOW, alerts } as unknown as AnswerContext
  const answer = await command.answer?.(args, context)
  return { text: answer?.text ?? '', lines: (answer?.text ?? '').split('\n'), asked }
}

const note = (of: Partial<AlertNote> & Pick<AlertNote, 'what'>): AlertNote => ({
  ...{ n: 1, at: NOW - 4 * MINUTE, items: [], mention: [] },
  ...of,
})

test('a site without alerts is told what to write, by every command', async () => {
  const lines = ['list', 'show a', 'ack a', 'silence a --for 1h --why x', 'unsilence a', 'silences', 'close a --why x']
  for (const line of [...lines, 'rules', 'route --service web'])
    await expect(run(`alerts ${line}`, { site: without }), line).rejects.toThrow(
      /no `alerts`.*`alerts:`.*` {2}rules:`/s,
    )
  await expect(run('alerts test web', { site: without })).rejects.toThrow(/`alerts.rules`.*has none/)
})

test('what is written there is a site that starts', async () => {
  const said = await run('alerts list', { site: without }).catch((error: Error) => error.message)
  expect(said).toContain('`  channel: ops`')
})

describe('alerts list', () => {
  const acknowledged = { by: bob, at: NOW, until: NOW + 60 * MINUTE, why: 'on it' }
  const groups = [
    groupOf({
      id: 'over',
      state: 'resolved',
      endedAt: NOW - MINUTE,
      openSince: null,
      alerts: [alertOf({ state: 'resolved' })],
    }),
    groupOf({ id: 'mine', state: 'acknowledged', acknowledged, openSince: null }),
    groupOf({ id: 'warn', severity: 'warning', openedAt: NOW - 60 * MINUTE }),
    groupOf({ id: 'late', openedAt: NOW - MINUTE }),
    groupOf({
      id: 'many',
      alerts: [alertOf(), alertOf({ node: 'n2', silence: 's1' }), alertOf({ node: 'n3', state: 'unknown' })],
    }),
  ]

  test('has the worst first, each with all that counts, and who watches', async () => {
    const { lines } = await run('alerts list', { groups })
    expect(lines).toEqual([
      '🔴 *firing* critical `web` in `dc1`: 2 firing (1 muted), 1 unknown, since 17:35 UTC (5 m), nobody has acknowledged it (`many`)',
      '🔴 *firing* critical `web` in `dc1`: 1 firing, since 17:39 UTC (1 m), nobody has acknowledged it (`late`)',
      '🔴 *firing* warning `web` in `dc1`: 1 firing, since 16:40 UTC (1 h), nobody has acknowledged it (`warn`)',
      '👀 *acknowledged* critical `web` in `dc1`: 1 firing, since 17:35 UTC (5 m), acknowledged by @U02BOB until 18:40 UTC: `on it` (`mine`)',
      'Watched by `bot-1`, as of 17:39 UTC (2 s ago).',
      '• `dc1`: 120 checks, as of 17:39 UTC (3 s ago)',
      '• `dc2`: 1 check, as of 17:39 UTC (9 s ago)',
    ])
  })

  test('has with --all also what is over', async () => {
    const { text } = await run('alerts list --all', { groups })
    expect(text).toContain('✅ *resolved* critical `web` in `dc1`: 1 resolved, over since 17:39 UTC (1 m) (`over`)')
  })

  test('says that nothing fires as of the oldest look', async () => {
    const { lines } = await run('alerts list')
    expect(lines[0]).toBe('✅ Nothing fires, as of 17:39 UTC (9 s ago).')
  })

  const blind: [string, Watched, RegExp][] = [
    ['nobody watches', { ...watching, by: null }, /\*Nobody watches now\*/],
    ['nobody ever did', { by: null, at: null, datacenters: [] }, /nobody ever did/],
    ['no datacenter is known', { ...watching, datacenters: [] }, /named no datacenter/],
    ['the last look is old', { ...watching, at: NOW - MINUTE }, /⚠️ \*Nobody watches now\*.*1 m ago\), by `bot-1`/],
    [
      'a datacenter was not seen for long',
      { ...watching, datacenters: [{ dc: 'dc1', at: NOW - 10 * MINUTE, checks: 3, trouble: null }] },
      /`dc1`: ⚠️ 3 checks, as of 17:30 UTC \(10 m ago\)/,
    ],
    [
      'a datacenter was never seen',
      { ...watching, datacenters: [{ dc: 'dc1', at: null, checks: 0, trouble: null }] },
      /nothing of it was ever seen/,
    ],
    [
      'a datacenter is in trouble',
      { ...watching, datacenters: [{ dc: 'dc1', at: NOW, checks: 3, trouble: 'No path to datacenter' }] },
      /\*cannot be watched\* \(`No path to datacenter`\)/,
    ],
  ]
  test.each(blind)('never says that all is well while %s', async (_what, watched, why) => {
    const { text } = await run('alerts list', { watched })
    expect(text).toMatch(/^⚠️ Nothing is known to fire, but not everything can be seen now:/)
    expect(text).toMatch(why)
  })
})

describe('alerts show', () => {
  test('has all of a group: its rule, what comes, every alert, and its history', async () => {
    const details = {
      kind: 'vault-audit' as const,
      at: NOW - MINUTE,
      counts: { '5m': { denied: 7, failedLogin: 0 }, '60m': { denied: 40 } },
      top: { class: [], principal: [{ name: 'ci`x', count: 6 }], path: [], address: [{ name: '10.0.0.9', count: 7 }] },
      minutes: [],
    }
    const alerts = [
      alertOf({ node: 'n3', state: 'resolved', since: NOW - MINUTE }),
      alertOf({ node: 'n2', state: 'unknown', why: 'the node n2 is dead', silence: 's1' }),
      alertOf({ details, flapping: NOW - MINUTE, changes: [1, 2, 3], maintenance: { reason: 'new disk', since: NOW } }),
    ]
    const notes = [
      note({ what: 'raised', items: [{ label: 'web: HTTP on n1', text: 'connection refused' }] }),
      note({ n: 2, what: 'acknowledged', by: bob, until: NOW + MINUTE, why: 'on it', unwatchedSince: NOW - MINUTE }),
    ]
    const turns = [
      { step: 0, rung: 1, since: NOW - 90 * MINUTE, at: NOW - 30 * MINUTE, channel: 'ops' }, // before it was acknowledged
      { step: 1, rung: 0, since: NOW - 5 * MINUTE, at: NOW - MINUTE, channel: null },
    ]
    const group = groupOf({ alerts, notes, noted: 5, escalated: turns })
    const { lines } = await run('alerts show k3f9', { groups: [group], silences: [silenceOf()] })
    expect(lines.slice(1)).toEqual([
      'By rule 4, *web*: to `alerts`, calls @U07LEAD, `S01SRE`, `@here`, raised after 30s, reminders after 1h, 4h, 1d, escalates after 15m calling @U08BOSS, escalates after 1h to `ops`, calling `@channel`',
      'Next reminder at 18:35 UTC, unless somebody acknowledges it.',
      'Escalated calling @U08BOSS at 17:39 UTC (1 m).',
      'Escalates to `ops`, calling `@channel` at 18:35 UTC.',
      '🔕 Silence `s1` covers service `web-*` until 18:40 UTC (1 h left), by @U02BOB: `new rack`',
      '• *firing* critical `web-shop (web-1): HTTP on n1` since 17:35 UTC (5 m)',
      '   flapping since 17:39 UTC (1 m), 3 changes lately',
      '   in maintenance since 17:40 UTC (0 s): `new disk`',
      '   it says `connection refused` (17:35 UTC)',
      '   in 5 minutes 7 denied; in an hour 40 denied (as of 17:39 UTC)',
      "   principal: `ci'x` 6",
      '   address: `10.0.0.9` 7',
      '• *unknown* critical `web-shop (web-1): HTTP on n2` since 17:35 UTC (5 m)',
      '   `the node n2 is dead`',
      '   silenced by `s1`',
      '   it says `connection refused` (17:35 UTC)',
      '• *resolved* critical `web-shop (web-1): HTTP on n3` since 17:39 UTC (1 m)',
      '   it says `connection refused` (17:35 UTC)',
      'History, without the first 3:',
      '   17:36 UTC *fires*: `web: HTTP on n1` `connection refused`',
      '   17:36 UTC *acknowledged*: by @U02BOB, until 17:41 UTC, `on it`, seen late: nobody watched since 17:39 UTC',
    ])
  })

  test('says time left, owner and how to renew of what expires, and nothing of what is well', async () => {
    const entry = {
      name: 'ci',
      status: 'critical' as const,
      text: '2 h left',
      owner: 'team-a',
      runbook: null,
      renewal: 'vault token renew',
    }
    const entries = [entry, { ...entry, name: 'fine', status: 'passing' as const }]
    const group = groupOf({ alerts: [alertOf({ details: { kind: 'token-expiry', at: NOW, entries } })] })
    const { text } = await run('alerts show k3f9', { groups: [group] })
    expect(text).toContain('*critical* `ci`: `2 h left`, owner `team-a`, renew: `vault token renew` (as of 17:40 UTC)')
    expect(text).not.toContain('fine')
  })

  test.each<[string, number, string | null]>([
    ['the first', 5 * MINUTE, '18:35 UTC'],
    ['one between', 61 * MINUTE, '20:39 UTC'],
    ['the last, again and again', 49 * 60 * MINUTE, '2026-11-21 16:40 UTC'],
  ])('says when the next reminder comes: %s', async (_what, passed, at) => {
    const { text } = await run('alerts show k3f9', { groups: [groupOf({ openSince: NOW - passed })] })
    expect(text).toContain(`Next reminder at ${at}`)
  })

  test('promises none while somebody has it, or it is over', async () => {
    const acknowledged = { by: bob, at: NOW, until: NOW + MINUTE, why: null }
    const held = groupOf({ state: 'acknowledged', acknowledged, openSince: null })
    expect((await run('alerts show k3f9', { groups: [held] })).text).toContain(
      'No reminder and no escalation comes while it is acknowledged',
    )
    const over = groupOf({ state: 'resolved', endedAt: NOW })
    expect((await run('alerts show k3f9', { groups: [over] })).text).not.toMatch(/reminder at|Escalates/)
  })

  test('says of a rule that is gone, and of the built-in one, what they are', async () => {
    expect((await run('alerts show k3f9', { groups: [groupOf({ rule: 'old' })] })).text).toContain(
      'no rule `old` any more',
    )
    expect((await run('alerts show k3f9', { groups: [groupOf({ rule: 'blind' })] })).text).toContain(
      'built-in rule *blind*',
    )
  })

  test('shows a thousand alerts page by page, none of it lost in a message of Slack', async () => {
    const alerts = Array.from({ length: 1000 }, (_, at) => alertOf({ node: `n${at}.`, output: 'x'.repeat(4000) }))
    const groups = [groupOf({ alerts })]
    const first = await run('alerts show k3f9', { groups })
    const count = Number(/Page 1 of (\d+)/.exec(first.text)?.[1])
    const pages = Array.from({ length: count }, (_, at) => run(`alerts show k3f9 --page ${at + 1}`, { groups }))
    const texts = (await Promise.all(pages)).map(({ text }) => JSON.stringify(answerMessage({ text }).blocks))
    for (const { node } of alerts) expect(texts.filter((text) => text.includes(`on ${node}\``))).toHaveLength(1)
  })

  test('lets nothing that a check says format, link or ping', async () => {
    const output = '`*x* <!channel> @U07LEAD\n<https://evil.example|here>'
    const group = groupOf({
      alerts: [alertOf({ output, name: '`<!here>\n*x*' })],
      notes: [note({ what: 'raised', items: [{ label: '`a', text: output }] })],
    })
    const { text } = await run('alerts show k3f9', { groups: [group] })
    const drawn = JSON.stringify(answerMessage({ text }).blocks)
    expect(drawn).not.toMatch(/<!|<https/)
    expect(drawn.split('<@U07LEAD>')).toHaveLength(2) // of the rule, and of nothing else
    for (const line of text.split('\n')) expect(line.split('`').length % 2, line).toBe(1)
  })
})

describe('deeds are handed on as they were asked', () => {
  test.each<[string, unknown[]]>([
    ['ack k3f9', ['acknowledge', 'k3f9', { for: undefined }]],
    ['ack k3f9 --for 2h --why "on it"', ['acknowledge', 'k3f9', { for: '2h', why: 'on it' }]],
    ['silence k3f9 --for 1h --why known', ['silence', 'k3f9', { for: '1h', why: 'known' }]],
    [
      'silence --service "web-*" --dc dc1 --for 1h --why known',
      ['silence', { service: 'web-*', dc: 'dc1' }, { for: '1h', why: 'known' }],
    ],
    ['silence --rule "*" --for 1h --why known', ['silence', { rule: '*' }, { for: '1h', why: 'known' }]],
    ['unsilence s1', ['unsilence', 's1']],
    ['close k3f9 --why "gone for good"', ['close', 'k3f9', 'gone for good']],
    ['test web', ['test', 'web', { status: 'critical', for: '5m' }]],
    ['test web --status warning --for 1m', ['test', 'web', { status: 'warning', for: '1m' }]],
    ['test blind', ['test', 'blind', { status: 'critical', for: '5m' }]],
    ['test warnings', ['test', 'warnings', { status: 'warning', for: '5m' }]],
  ])('alerts %s', async (line, wanted) => {
    const { text, asked } = await run(`alerts ${line}`)
    expect(asked).toEqual([wanted])
    expect(text).toBe('done')
  })

  test.each<[string, RegExp]>([
    ['silence --for 1h --why x', /Say what to silence/],
    ['silence --service "*" --for 1h --why x', /every alert/],
    ['silence k3f9 --dc dc1 --for 1h --why x', /Either one alert/],
    ['test quiet', /`alert: false`/],
    ['test node-dead --status warning', /is for critical only/],
  ])('alerts %s is refused', async (line, why) => {
    await expect(run(`alerts ${line}`)).rejects.toThrow(why)
  })

  test.each([
    ['show', ['alert']],
    ['ack', ['alert']],
    ['silence k3f9', ['for', 'why']],
    ['silence k3f9 --for 1h', ['why']],
    ['close k3f9', ['why']],
    ['unsilence', ['id']],
    ['test', ['rule']],
  ])('alerts %s asks for what is missing', async (line, missing) => {
    const failed = await run(`alerts ${line}`).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(MissingArguments)
    expect(failed).toMatchObject({ missing })
  })

  test('a misspelled rule is understood', async () => {
    await expect(run('alerts test wbe')).rejects.toThrow(/Did you mean `web`/)
    await expect(run('alerts silence --rule denid --for 1h --why x')).rejects.toThrow(/Did you mean `denied`/)
  })
})

test('alerts silences has those that hold, and only those', async () => {
  const silences = [
    silenceOf(),
    silenceOf({ id: 's2', until: NOW - 1 }),
    silenceOf({ id: 's4', ended: { by: bob, at: NOW } }),
    silenceOf({ id: 's3', matchers: { dc: 'dc1', rule: '*' } }),
  ]
  expect((await run('alerts silences', { silences })).lines).toEqual([
    '`s1` covers service `web-*` until 18:40 UTC (1 h left), by @U02BOB: `new rack`',
    '`s3` covers rule `*`, datacenter `dc1` until 18:40 UTC (1 h left), by @U02BOB: `new rack`',
  ])
  expect((await run('alerts silences')).text).toBe('Nothing is silenced.')
})

test('alerts rules has every rule in its order, and the built-in one', async () => {
  expect((await run('alerts rules')).lines).toEqual([
    'The first rule that fits a check decides; what fits none is no alert.',
    '1. *quiet* warning or critical, service `scratch-*`: never an alert',
    '2. *denied* warning or critical, service `vault-audit-monitor`: severity as the check, to `alerts`, calls nobody, resolved after 5m without it, reminders after 1h, 4h, 1d, runbook https://example.com/denied',
    '3. *node-dead* critical, check `serfHealth`: severity critical, to `alerts`, calls nobody, reminders after 1h, 4h, 1d',
    '4. *web* warning or critical, datacenter `dc1`, service `web-*`, tag `public`: severity as the check, to `alerts`, calls @U07LEAD, `S01SRE`, `@here`, raised after 30s, reminders after 1h, 4h, 1d, escalates after 15m calling @U08BOSS, escalates after 1h to `ops`, calling `@channel`',
    '5. *warnings* warning, any check: severity info, to `alerts`, calls nobody, no reminders',
    '• *blind* what cannot be watched for 30s (Consul, a datacenter, a monitor): severity critical, to `alerts`, calls nobody, reminders after 1h, 4h, 1d',
  ])
})

test('alerts route needs no more than a service', async () => {
  expect((await run('alerts route --service web --status critical')).text).toContain('No rule fits: this is *no alert*')
  const { text } = await run('alerts route --service web-shop --dc dc1 --tag "a, public"', { silences: [silenceOf()] })
  expect(text).toContain('It fits rule 4, *web*')
  expect(text).toContain('• `s1` covers')
})
