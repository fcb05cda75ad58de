import { describe, expect, test } from 'vitest'
import { createMask } from '../../src/core/mask.ts'
import { secretsOf } from '../../src/core/plan.ts'
import { cases, planOf, read } from './terraform-cases.ts'

const SECRET = ['p&ss"w<o>rd/ü+\\ $', '{x}'].join('')
const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
  'BKcwggSjAgEAAoIBAQDLongLineTwo+/',
  'short',
  '-----END PRIVATE KEY-----',
  '',
].join('\n')

describe('a mask', () => {
  test.each([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    [
      'in JSON as Go writes it',
      JSON.stringify(SECRET).slice(1, -1).replace(/&/g, '\\u0026').replace(/</g, '\\u003c').replace(/>/g, '\\u003e'),
    ],
    ['in JSON within JSON', JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    ['in HCL', JSON.stringify(SECRET).slice(1, -1).replaceAll('${', '$${')],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a query', new URLSearchParams({ q: SECRET }).toString().slice(2)],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['escaped for Slack', SECRET.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')],
  ])('hides a secret %s', (_name, form) => {
    expect(createMask([SECRET])(`before ${form} after`)).toBe('before *** after')
  })

  test.each(['a', 'ab', 'abc'])('hides a secret inside a base64 text, wherever it begins (%s:...)', (user) => {
    const header = Buffer.from(`${user}:correct horse battery:x`).toString('base64')
    const masked = createMask(['correct horse battery'])(header)
    const seen = masked.split('***').map((part) => Buffer.from(part, 'base64').toString('latin1'))
    expect(masked).toContain('***')
    expect(seen.join()).not.toMatch(/orrect|horse|batter/)
  })

  test('leaves nothing of secrets that overlap or contain one another', () => {
    expect(createMask(['abcdef', 'defghi'])('x abcdefghi y')).toBe('x *** y')
    expect(createMask(['pass', 'password123'])('x password123 pass y')).toBe('x *** *** y')
    expect(createMask(['abab'])('x ababab y')).toBe('x *** y')
    expect(createMask(['longer-secret', 'secret-tail', 'r-se'])('longer-secret-tail')).toBe('***')
  })

  test('hides a secret of several lines as a whole, indented, with other line ends, and line by line', () => {
    const mask = createMask([KEY])
    expect(mask(`a\n${KEY}b`)).toBe('a\n***b')
    const indented = KEY.split('\n')
      .map((line) => `      ${line}`)
      .join('\n')
    expect(mask(indented)).not.toMatch(/MIIE|LongLine/)
    expect(mask(KEY.replaceAll('\n', '\r\n'))).not.toMatch(/MIIE|LongLine/)
    expect(mask(JSON.stringify({ key: KEY }))).toBe('{"key":"***"}')
    expect(mask('-----BEGIN PRIVATE KEY-----')).toBe('-----BEGIN PRIVATE KEY-----')
  })

  test('hides a secret read from a file with its line end, where the text has it without', () => {
    expect(createMask(['hunter2hunter2\n'])('token=hunter2hunter2;')).toBe('token=***;')
  })

  test('does not hide what is too short or too common to be one', () => {
    const text = 'true false null 0 8080 abc -12    end'
    expect(createMask(['true', 'False', 'null', '0', '8080', 'abc', '-12', '', '    ', '\n'])(text)).toBe(text)
  })

  test('hides numbers of five digits and more', () => {
    expect(createMask(['4711812'])('pin=4711812')).toBe('pin=***')
  })

  test('takes a secret literally, whatever a pattern would make of it', () => {
    expect(createMask(['.*.*', '(((['])('a .*.* b ((([ c')).toBe('a *** b *** c')
    expect(createMask(['$&$&'])('a $&$& b')).toBe('a *** b')
  })

  test('never throws on odd input', () => {
    const odd = [undefined, null, 7, 'half \ud800 pair', 'ok-secret'] as unknown as string[]
    const mask = createMask(odd)
    expect(mask('x half \ud800 pair y ok-secret')).toBe('x *** y ***')
    expect(mask(undefined as unknown as string)).toBe('')
    expect(createMask([])('same')).toBe('same')
  })

  test('is quick on a large document with many secrets', () => {
    const secrets = Array.from({ length: 50 }, (_, index) => `secret-number-${index}-xyz`)
    const document = 'line of a log without anything in it\n'.repeat(5000) + secrets.join(' ')
    expect(createMask(secrets)(document)).not.toMatch(/secret-number/)
  })
})

describe.each(cases('plan.ndjson'))('the plan %s', (name) => {
  test('shows none of its own secrets once masked', () => {
    const plan = planOf(name)
    const secrets = secretsOf(plan)
    const masked = createMask(secrets)(read(name, 'plan.json'))
    for (const secret of secrets) expect(masked).not.toContain(JSON.stringify(secret).slice(1, -1))
    if (secrets.length === 0) expect(masked).toBe(read(name, 'plan.json'))
  })
})
