import { describe, expect, test } from 'vitest'
import type { Routed } from '../../../src/core/alert/route.ts'
import { behaviourOf, covers, like, ruleFor, severityOf } from '../../../src/core/alert/route.ts'
import { misfits, routingLines } from '../../../src/core/alert/routing-text.ts'
import { wantedSilence } from '../../../src/core/alert/wanted-silence.ts'
import { MINUTE, NOW, alertSettings as settings, silenceOf } from '../alert-site.ts'
import { dice } from '../town.ts'

const check = (of: Partial<Routed> = {}): Routed => ({
  ...{ dc: 'dc1', node: 'n1', check: 'service:x', name: 'HTTP', service: 'web-shop', tags: ['public'] },
  ...{ status: 'critical', ...of },
})
const ruled = (of: Partial<Routed>) => ruleFor(settings, check(of))?.name ?? null

describe('the first rule that fits decides', () => {
  test.each<[string, Partial<Routed>, string | null]>([
    ['by service, datacenter and tag', {}, 'web'],
    ['another datacenter', { dc: 'dc2' }, null],
    ['another tag', { tags: ['private'] }, null],
    ['one of several tags', { tags: ['private', 'public'] }, 'web'],
    ['no tag', { tags: [], status: 'warning' }, 'warnings'],
    ['a status that a rule is not for', { check: 'serfHealth', service: '', status: 'warning' }, 'warnings'],
    ['a check by its id', { check: 'serfHealth', service: '' }, 'node-dead'],
    ['a check by its name', { name: 'serfHealth', service: '' }, 'node-dead'],
    ['an earlier one over a later one', { service: 'vault-audit-monitor', status: 'warning' }, 'denied'],
    ['what shall be no alert', { service: 'scratch-1' }, 'quiet'],
    ['none', { service: 'db' }, null],
  ])('%s', (_what, of, name) => {
    expect(ruled(of)).toBe(name)
  })
})

test('`*` is any text, and everything else is itself', () => {
  expect(like(undefined, '')).toBe(true)
  expect(like('*', '')).toBe(true)
  expect(like('web-*', 'web-')).toBe(true)
  expect(like('*-1', 'a\n-1')).toBe(true)
  expect(like('a*c*e', 'abcde')).toBe(true)
  expect(like('web-*', 'my-web-1')).toBe(false)
  expect(like('web', 'web-1')).toBe(false)
  expect(like('a.c*', 'abc')).toBe(false)
  expect(like('web', '')).toBe(false)
  expect(like('a*a', 'a')).toBe(false)
  expect(like('a*b*', 'ab')).toBe(true)
  expect(like('*b*a*', 'aab')).toBe(false)
  expect(like('*ab*ab', 'xabab')).toBe(true)
  expect(like('**', '')).toBe(true)
})

test('a pattern that nearly fits in very many ways is decided at once', () => {
  expect(like(`${'*a'.repeat(40)}*b`, 'a'.repeat(200))).toBe(false)
})

test('severity is that of the rule, or the status', () => {
  expect(severityOf({ severity: 'info' }, 'critical')).toBe('info')
  expect(severityOf({}, 'warning')).toBe('warning')
})

test('a rule behaves as it says, the built-in one as `blind` says, and one that is gone calls nobody', () => {
  expect(behaviourOf(settings, 'web')).toMatchObject({ channel: 'alerts', raise_after: '30s' })
  expect(behaviourOf(settings, 'blind')).toMatchObject({ channel: 'alerts', raise_after: '0s', mention: [] })
  expect(behaviourOf(settings, 'gone')).toMatchObject({ channel: 'alerts', mention: [], remind: [], escalate: [] })
})

test('a silence covers what fits all of it', () => {
  const alert = { ...check(), rule: 'web', severity: 'critical' }
  const covered = (matchers: object) => covers({ matchers }, alert)
  expect(covered({ rule: '*' })).toBe(true)
  expect(covered({ service: 'web-*', dc: 'dc1', tag: 'pub*', check: 'HTTP' })).toBe(true)
  expect(covered({ service: 'web-*', dc: 'dc2' })).toBe(false)
  expect(covered({ severity: 'warning' })).toBe(false)
  expect(covered({ tag: 'private' })).toBe(false)
})

describe('the dry run', () => {
  const lines = (of: Partial<Routed>, silences = [silenceOf()]) =>
    routingLines(settings, check(of), { silences, now: NOW })

  test('says why not the rules before, which one it is, and what it does', () => {
    expect(lines({}, [])).toEqual([
      '*critical* check `service:x`, service `web-shop`, tag `public`, node `n1`, datacenter `dc1`',
      '1. `quiet`: is for the service `scratch-*`, not `web-shop`',
      '2. `denied`: is for the service `vault-audit-monitor`, not `web-shop`',
      '3. `node-dead`: is for the check `serfHealth`, not `service:x`, `HTTP`',
      '➡️ It fits rule 4, *web*: severity critical, to `alerts`, calls @U07LEAD, `S01SRE`, `@here`, raised after 30s, reminders after 1h, 4h, 1d, escalates after 15m calling @U08BOSS, escalates after 1h to `ops`, calling `@channel`',
      'No silence covers it now.',
    ])
  })

  test('says what was not given, and that no rule fits', () => {
    const said = lines({ dc: '', service: '', check: '', name: '', tags: [], node: '' }).join('\n')
    expect(said).toContain('*critical* check of which nothing else is known')
    expect(said).toContain(
      '4. `web`: is for the datacenter `dc1`, and no datacenter was given; is for the service `web-*`, and',
    )
    expect(said).toContain('is for the tag `public`, and no tag was given')
    expect(said).toContain('5. `warnings`: is for warning only')
    expect(said).toContain('No rule fits: this is *no alert*.')
  })

  test('says which silences cover it now, and only those', () => {
    const over = silenceOf({ id: 's2', until: NOW - MINUTE })
    const ended = silenceOf({ id: 's3', ended: { by: silenceOf().by, at: NOW } })
    const later = silenceOf({ id: 's4', from: NOW + MINUTE })
    const other = silenceOf({ id: 's5', matchers: { rule: 'denied' } })
    const said = lines({}, [over, ended, silenceOf(), later, other]).join('\n')
    expect(said).toContain('• `s1` covers service `web-*` until 18:40 UTC (1 h left), by @U02BOB: `new rack`')
    expect(said).not.toMatch(/`s[2-5]`/)
  })

  test('says that a rule makes it none, that nobody watches there, and what is none by itself', () => {
    expect(lines({ service: 'scratch-1' }).join('\n')).toContain('rule 1, *quiet*, which says `alert: false`')
    const only = { ...settings, datacenters: ['dc1'] }
    const said = routingLines(only, check({ dc: 'dc9', check: '_node_maintenance' }), { silences: [], now: NOW }).join(
      '\n',
    )
    expect(said).toContain('`dc9` is not watched: `alerts.datacenters` has `dc1`')
    expect(said).toContain('never an alert, and mutes')
    expect(lines({ service: 'vault-audit-monitor' }).join('\n')).toContain('the rule *blind*')
  })

  test('never disagrees with the rules, whatever the check', () => {
    const { pick } = dice(7)
    for (let round = 0; round < 2000; round++) {
      const one = check({
        dc: pick(['dc1', 'dc2', '']),
        service: pick(['web-shop', 'scratch-a', 'vault-audit-monitor', '', 'db']),
        check: pick(['serfHealth', 'x', '']),
        name: pick(['serfHealth', 'y', '']),
        tags: pick([[], ['public'], ['a', 'b'], ['a', 'public']]),
        status: pick(['warning', 'critical'] as const),
      })
      const first = settings.rules.find((rule) => misfits(rule, one).length === 0) ?? null
      expect(first, JSON.stringify(one)).toBe(ruleFor(settings, one))
    }
  })
})

describe('what somebody wants silenced', () => {
  test('is one alert, or whatever fits', () => {
    expect(wantedSilence({ alert: 'k3f9' }, settings)).toBe('k3f9')
    expect(wantedSilence({ service: 'web-*', dc: undefined, severity: 'crit*' }, settings)).toEqual({
      service: 'web-*',
      severity: 'crit*',
    })
    expect(wantedSilence({ rule: 'blind' }, settings)).toEqual({ rule: 'blind' })
    expect(wantedSilence({ rule: '*' }, settings)).toEqual({ rule: '*' })
    expect(wantedSilence({ rule: '*', dc: '*' }, settings)).toEqual({ rule: '*', dc: '*' })
  })

  test.each<[string, Parameters<typeof wantedSilence>[0], RegExp]>([
    ['nothing', {}, /Say what to silence.*at least one of `--rule`/],
    ['an alert and more', { alert: 'k3f9', dc: 'dc1' }, /Either one alert/],
    ['everything by accident', { service: '*' }, /would silence every alert.*`--rule "\*"`/],
    ['everything in other words', { dc: '**', tag: '*', node: '*' }, /would silence every alert/],
    ['a rule that is none', { rule: 'wbe' }, /No rule is called `wbe`\. Did you mean `web`\? There are .*`blind`/],
    ['a severity that is none', { severity: 'crtical' }, /No severity is called `crtical`\. Did you mean `critical`/],
  ])('is refused as %s', (_what, wish, said) => {
    expect(() => wantedSilence(wish, settings)).toThrow(said)
  })
})
