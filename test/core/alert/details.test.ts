import { describe, expect, test } from 'vitest'
import { minutesText, readDetails } from '../../../src/core/alert/details.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const NONE = { denied: 0, failedLogin: 0, wrappingInvalid: 0, missingClientToken: 0 }
const named = (name: string, count = 20) =>
  Array.from({ length: count }, (_each, at) => ({ name: `${name}${at}`, count: 100 - at }))
const dimensions = (name: string) => ({
  class: named('policy'),
  principal: named(`${name}-principal`),
  path: named('kv/data/'),
  address: named('10.0.0.'),
  namespace: named('ns'),
})
const top = { denied: dimensions('denied'), failedLogin: dimensions('login') }
const hour = { ...top, wrappingInvalid: dimensions('wrap'), missingClientToken: dimensions('none') }

function audit(over: object = {}, sums: object = {}) {
  const window = { sums: { ...NONE, denied: 7, ...sums }, top: hour, lines: 10, unreadable: 0 }
  return {
    status: 'warning',
    at: NOW,
    windows: { '1m': window, '5m': window, '60m': { ...window, sums: { ...NONE, denied: 70, ...sums } } },
    minutes: Array.from({ length: 60 }, (_each, at) => at),
    since: { lines: 10 },
    token: 'hvs.shallneverbeseenanywhere',
    ...over,
  }
}

describe('the page of the audit', () => {
  test('becomes counts, the five most frequent names of the hour, and the minutes', () => {
    const details = readDetails('vault-audit', audit())
    expect(details).toMatchObject({
      kind: 'vault-audit',
      at: NOW,
      counts: { '5m': { denied: 7 }, '60m': { denied: 70 } },
    })
    if (details?.kind !== 'vault-audit') throw new Error('It is of another kind.')
    expect(Object.keys(details.top)).toEqual(['class', 'principal', 'path', 'address'])
    for (const names of Object.values(details.top)) expect(names.length).toBe(5)
    expect(details.top.principal[0]).toEqual({ name: 'denied-principal0', count: 100 })
    expect(details.minutes.at(-1)).toBe(59)
    expect(JSON.stringify(details)).not.toMatch(/hvs\./)
  })

  test('of a monitor that says no minutes has none', () => {
    const { minutes: _minutes, ...page } = audit()
    expect(readDetails('vault-audit', page)).toMatchObject({ minutes: [] })
  })

  test('names whoever failed to log in where nothing was denied', () => {
    const details = readDetails('vault-audit', audit({}, { denied: 0, failedLogin: 12, missingClientToken: 3 }))
    expect(details).toMatchObject({ top: { principal: [{ name: 'login-principal0' }, {}, {}, {}, {}] } })
  })

  test('shows names in one line of 200 characters, without tokens', () => {
    const name = `a\nb\u0007hvs.AbCdEfGhIjKlMnOpQrStUvWx ${'𝒳'.repeat(300)}`
    const window = {
      sums: { ...NONE, denied: 1 },
      top: { ...hour, denied: { ...hour.denied, path: [{ name, count: 1 }] } },
    }
    const details = readDetails('vault-audit', audit({ windows: { '5m': window, '60m': window } }))
    if (details?.kind !== 'vault-audit') throw new Error('It is of another kind.')
    const shown = details.top.path[0]?.name ?? ''
    expect(shown).toMatch(/^a b \*\*\* 𝒳+…$/u)
    expect([...shown].length).toBe(200)
  })

  test.each([
    ['nothing', null],
    ['a text', 'x'],
    ['another page', { at: NOW, entries: [] }],
    ['a count below zero', audit({}, { denied: -1 })],
    ['a count that is text', audit({}, { denied: '7' })],
    ['no time', audit({ at: null })],
    ['a time that is none', audit({ at: 1e300 })],
    ['minutes of another hour', audit({ minutes: [1, 2, 3] })],
    ['minutes without end', audit({ minutes: Array.from({ length: 100_000 }, () => 1) })],
  ])('that is %s is none', (_what, page) => {
    expect(readDetails('vault-audit', page)).toBeNull()
  })
})

describe('the page of what expires', () => {
  const entry = {
    name: 'deploy',
    status: 'warning',
    text: 'expires in 2 h',
    at: NOW,
    owner: 'platform',
    runbook: null,
    renewal: null,
  }

  test('becomes the worst entries, without anything that stands beside', () => {
    const entries = Array.from({ length: 50 }, (_each, at) => ({
      ...entry,
      name: `t${at}`,
      accessor: 'acc-1',
      token: 'x',
    }))
    const page = { at: NOW, entries: [...entries, { ...entry, name: 'worst', status: 'critical', renewal: 'renewed' }] }
    const details = readDetails('token-expiry', page)
    if (details?.kind !== 'token-expiry') throw new Error('It is of another kind.')
    expect(details.entries.length).toBe(20)
    expect(details.entries[0]).toEqual({
      name: 'worst',
      status: 'critical',
      text: 'expires in 2 h',
      owner: 'platform',
      runbook: null,
      renewal: 'renewed',
    })
    expect(JSON.stringify(details)).not.toMatch(/acc-1|token"/)
  })

  test.each([
    ['https://wiki.example.com/a', 'https://wiki.example.com/a'],
    ['javascript:alert(1)', null],
    [`https://wiki.example.com/${'a'.repeat(300)}`, null],
    [undefined, null],
  ])('takes the runbook %s as %s: half a link is none', (runbook, shown) => {
    expect(readDetails('token-expiry', { at: NOW, entries: [{ ...entry, runbook }] })).toMatchObject({
      entries: [{ runbook: shown }],
    })
  })

  test('before its first look is none', () => {
    expect(readDetails('token-expiry', { at: null, entries: [] })).toBeNull()
  })
})

test('the picture in words tells how many, the worst minute, and the latest', () => {
  const minutes = Array.from({ length: 60 }, (_each, at) => (at === 52 ? 40 : at > 57 ? 3 : 0))
  const text = minutesText({ title: 'denied requests', minutes })
  expect(text).toMatch(
    /last 60 minutes: denied requests\. 46 in all, most of them in one minute 40, 7 minutes before the end; 6 in/,
  )
  expect(minutesText({ title: 'denied requests', minutes: minutes.map(() => 0) })).toMatch(/There was nothing\.$/)
})
