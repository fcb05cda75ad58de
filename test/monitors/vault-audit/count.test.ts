import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readEntry } from '../../../src/monitors/vault-audit/entry.ts'
import { createJudge, kindOf } from '../../../src/monitors/vault-audit/judge.ts'
import { counted, lines, MULTI, WATCHER } from './counted.ts'
import { ALLOWED, KNOWN, line, NOBODY, REFUSED } from './entries.ts'

const cases = join(import.meta.dirname, '../../cases/audit')
const samples = readFileSync(join(cases, 'samples.jsonl'), 'utf8').trimEnd().split('\n')
type Sample = {
  readonly line: number
  readonly denied: boolean
  readonly counts: boolean
  readonly kind: string
  readonly why: string
}
const expected = JSON.parse(readFileSync(join(cases, 'expected.json'), 'utf8')) as {
  readonly totals: { readonly counts: number }
  readonly lines: readonly Sample[]
}

describe('the samples', () => {
  test.each(expected.lines)('line $line: $why', ({ line, denied, kind }) => {
    const entry = readEntry(JSON.parse(samples[line - 1] ?? ''))
    expect(kindOf(entry) === 'denied').toBe(denied)
    const verdict = createJudge({})(entry)
    if (denied) expect(verdict).toMatchObject({ class: kind })
  })

  test('count as is expected, each request once, by the line that is expected', () => {
    const judge = createJudge({ exclude: [WATCHER] })
    const counts = samples.map((sample) => {
      const judgment = judge(readEntry(JSON.parse(sample)))
      return typeof judgment === 'object' && judgment.kind === 'denied'
    })
    expect(counts).toEqual(expected.lines.map(({ counts }) => counts))
    expect(counted(lines(...samples))).toMatchObject({
      lines: 21,
      denied: expected.totals.counts,
      failedLogin: 1,
      missingClientToken: 1,
    })
  })
})

describe('a line that is denied, and its class', () => {
  test.each([
    [
      'bare, valid token of an address that it is not bound to',
      { type: 'request', error: 'permission denied', auth: KNOWN },
      'policy',
    ],
    ['used up between check and use: only a response', { error: MULTI, auth: ALLOWED }, 'policy'],
    [
      'user lockout',
      { error: 'permission denied', auth: NOBODY, request: { path: 'auth/userpass/login/jane', client_token: '' } },
      'user_lockout',
    ],
    [
      'Kubernetes login',
      { error: 'permission denied', auth: NOBODY, request: { path: 'auth/kubernetes/login', client_token: '' } },
      'auth_method_denied',
    ],
    [
      'a mount of userpass by another name',
      { error: 'permission denied', auth: NOBODY, request: { path: 'auth/team/x/login/jane', mount_type: 'userpass' } },
      'user_lockout',
    ],
    [
      'kv preflight',
      { error: 'permission denied', auth: ALLOWED, request: { path: 'sys/internal/ui/mounts/kv/a' } },
      'preflight',
    ],
    [
      'Sentinel',
      {
        type: 'request',
        error:
          '2 errors occurred:\n\t* egp standard policy "root/office" evaluation resulted in denial.\n\nThe specific error was:\n<nil>\n\n\t* permission denied\n\n',
      },
      'sentinel',
    ],
    [
      'Sentinel of old',
      { type: 'request', error: 'rgp standard policy "a b" evaluation resulted in denial.\n' },
      'sentinel',
    ],
    [
      'batch token, which has no accessor',
      { type: 'request', error: MULTI, auth: { client_token: 'x', token_type: 'batch', display_name: 'b' } },
      'policy',
    ],
    [
      'two errors, invalid token',
      { type: 'request', error: '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n', auth: NOBODY },
      'invalid_token',
    ],
    ['invalid token before 1.17', { type: 'request', error: 'permission denied', auth: NOBODY }, 'invalid_token'],
    [
      'no token',
      { type: 'request', error: 'permission denied', auth: NOBODY, request: { client_token: '' } },
      'missing_token',
    ],
    [
      'lookup of an accessor that is gone',
      { error: MULTI, auth: ALLOWED, request: { path: 'auth/token/lookup-accessor' } },
      'bad_token_lookup',
    ],
    [
      'lookup that the policy refuses',
      { error: MULTI, auth: REFUSED, request: { path: 'auth/token/lookup' } },
      'policy',
    ],
    [
      'a user whose name is login',
      { type: 'request', error: MULTI, auth: REFUSED, request: { path: 'auth/userpass/users/login' } },
      'policy',
    ],
    [
      'forwarded by a standby',
      { type: 'request', error: MULTI, auth: REFUSED, request: { forwarded_from: '10.0.0.2:8201' } },
      'policy',
    ],
    [
      'fields left out by Enterprise',
      { error: MULTI, auth: {}, request: { remote_address: undefined, path: undefined } },
      'invalid_token',
    ],
  ])('%s', (_what, made, name) => {
    expect(counted(lines(line(made)))).toMatchObject({ denied: 1, byClass: { [name]: 1 }, findings: [{ class: name }] })
  })

  test.each([
    ['a database', { error: '1 error occurred:\n\t* pq: permission denied for schema x\n\n' }],
    ['the system', { error: 'open /etc/x: permission denied' }],
    ['a path', { request: { path: 'kv/data/permission denied' } }],
    ['an answer', { response: { data: { error: MULTI } } }],
    ['a bullet that only starts so', { error: '1 error occurred:\n\t* permission denied: x\n\n' }],
    ['Sentinel of another kind', { error: 'xgp standard policy "a" evaluation resulted in denial.' }],
    ['a rate limit', { error: 'request path "kv/permission denied": rate limit quota exceeded' }],
  ])('the words of %s are no denial', (_what, made) => {
    expect(counted(lines(line(made)))).toMatchObject({ denied: 0, failedLogin: 0, unparsable: 0, findings: [] })
  })
})
