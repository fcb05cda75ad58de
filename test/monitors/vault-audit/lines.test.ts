import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { counted, lines, MULTI, WATCHER } from './counted.ts'
import { ALLOWED, line, NOBODY } from './entries.ts'

const samples = readFileSync(join(import.meta.dirname, '../../cases/audit/samples.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')

describe('a request counts once', () => {
  const both = (id: string, ...texts: string[]) =>
    texts.map((error, index) => line({ type: index ? 'response' : 'request', error, auth: NOBODY, request: { id } }))

  test('with the two different texts of a pair before 1.17', () => {
    expect(counted(lines(...both('a', 'permission denied', MULTI)))).toMatchObject({
      denied: 1,
      byClass: { invalid_token: 1 },
    })
  })

  test('without an id by its response alone', () => {
    expect(counted(lines(...both('', MULTI, MULTI)))).toMatchObject({ denied: 1 })
    expect(counted(lines(...both('', MULTI)))).toMatchObject({ denied: 0 })
  })

  test('as long as its id is remembered', () => {
    const [one, other] = [both('a', MULTI), both('b', MULTI)]
    expect(counted(lines(...one, ...other, ...one), { remember: 2 })).toMatchObject({ denied: 2 })
    expect(counted(lines(...one, ...other, ...one), { remember: 1 })).toMatchObject({ denied: 3 })
  })

  test('and of an excluded principal never, whichever entry names it', () => {
    const watcher = { ...ALLOWED, metadata: WATCHER }
    const pair = [
      line({ error: MULTI, auth: watcher, request: { id: 'w' } }),
      line({ error: MULTI, auth: NOBODY, request: { id: 'w' } }),
    ]
    expect(counted(lines(...pair), { exclude: [WATCHER] })).toMatchObject({ denied: 0, excluded: 1 })
    expect(counted(lines(...pair), { exclude: [{ ...WATCHER, display_name: 'other' }] })).toMatchObject({ denied: 1 })
  })
})

describe('what is no 403 has counters of its own', () => {
  const login = { path: 'auth/approle/login' }
  test.each([
    ['failedLogin', { error: 'invalid credentials', auth: NOBODY, request: login }],
    ['failedLogin', { auth: NOBODY, request: login, response: { data: { error: 'invalid role or secret ID' } } }],
    ['failedLogin', { auth: NOBODY, request: login, response: { data: { error: 'hmac-sha256:bc15' } } }],
    ['wrappingInvalid', { type: 'request', error: 'wrapping token is not valid or does not exist', auth: NOBODY }],
    ['missingClientToken', { type: 'request', error: 'missing client token', auth: NOBODY }],
  ])('%s', (kind, made) => {
    expect(counted(lines(line(made)), { hmacs: ['hmac-sha256:bc15'] })).toMatchObject({ denied: 0, [kind]: 1 })
  })

  test('an HMAC that nobody named is nothing', () => {
    const made = line({ auth: NOBODY, request: login, response: { data: { error: 'hmac-sha256:bc15' } } })
    expect(counted(lines(made))).toMatchObject({ failedLogin: 0 })
  })
})

describe('lines', () => {
  const good = line({ error: MULTI, request: { id: 'same' } })
  test.each([
    ['blank ones are nothing', ['', '  ', '\t\r'], { denied: 0, unparsable: 0 }],
    ['a carriage return is no part', [`${good}\r`], { denied: 1, unparsable: 0 }],
    ['what stands before the brace goes', [`Nov 20 host vault: ${good}`], { denied: 1, unparsable: 0 }],
    ['a server log is foreign', ['2026-11-20 [ERROR] core: permission denied'], { denied: 0, unparsable: 1 }],
    ['what stands behind the brace makes a line foreign', [`${good} x`], { denied: 0, unparsable: 1 }],
    [
      'a candidate that JSON cannot read is unparsable',
      [good.replace('"time":', '"time"')],
      { denied: 0, unparsable: 1 },
    ],
    ['what cannot be denied is not parsed', ['{no json}'], { denied: 0, unparsable: 0 }],
    ['two in one line are unparsable', [good.slice(0, 90) + good], { denied: 0, unparsable: 1 }],
    [
      'JSONx is refused',
      [`<json:object>${good}`, '<json:object name="a"></json:object>'],
      { jsonx: 2, unparsable: 2, denied: 0 },
    ],
  ])('%s', (_what, texts, counts) => {
    expect(counted(lines(...texts))).toMatchObject({ lines: texts.length, ...counts })
  })

  test('a prefix that was given goes first, even one with a brace', () => {
    expect(counted(lines(`{vault} ${good}`, good), { prefix: '{vault} ' })).toMatchObject({ denied: 1, unparsable: 0 })
    expect(counted(lines(`{vault} ${good}`))).toMatchObject({ denied: 0, unparsable: 1 })
    expect(counted(lines('@cee: <json:object>'), { prefix: '@cee: ' })).toMatchObject({ jsonx: 1 })
  })

  test('a finding carries no token, accessor, data or header', () => {
    const raw = samples[18] ?? ''
    const { findings } = counted(lines(raw))
    expect(raw).toMatch(/hvs\.REDACTED-EXAMPLE/)
    expect(JSON.stringify(findings)).not.toMatch(/hvs\.|accessor-0001|hmac-/)
  })
})
