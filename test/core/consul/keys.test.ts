import { describe, expect, test } from 'vitest'
import { fits, keyRules, levelOf, shownValue } from '../../../src/core/consul/keys.ts'
import { site } from '../sample-site.ts'

const rules = (consul: Partial<(typeof site)['consul']> = {}) =>
  keyRules({ ...site, consul: { ...site.consul, ...consul } })

test.each([
  ['a*', 'abc', true],
  ['*c', 'abc', true],
  ['a*c', 'ac', true],
  ['a*b*c', 'axbxbxc', true],
  ['*/password', 'x/y/Password', true],
  ['*secret*', 'secret', true],
  ['ab*bc', 'abc', false],
  ['a*', 'ba', false],
  ['abc', 'abcd', false],
  ['a.c', 'abc', false],
])('%s and %s: %s', (pattern, key, expected) => {
  expect(fits(pattern, key)).toBe(expected)
})

test('a pattern of many stars is no way to hang', () => {
  expect(fits(`${'*a'.repeat(90)}b`, 'a'.repeat(5000))).toBe(false)
})

describe('masked', () => {
  test.each([
    ['app/db_password', true],
    ['app/API-KEY', true],
    ['tls/server.pem', true],
    ['app/db_pwd', true],
    ['app/limit', false],
    ['groundcrew/loadtest', true],
    ['groundcrew/loadtest-env:blue', true],
    ['groundcrew/loadtest/.lockinfo', true],
  ])('%s: %s', (key, expected) => {
    expect(rules().isMasked(key)).toBe(expected)
  })

  test('what the site masks, also where it shows it; what it shows where only the name looked so', () => {
    const { isMasked } = rules({ mask: ['app/*'], show: ['*'] })
    expect([isMasked('app/limit'), isMasked('other/token')]).toEqual([true, false])
    expect(rules({ show: ['*'] }).isMasked('groundcrew/loadtest')).toBe(true)
  })
})

describe('a value', () => {
  const shown = (value: Uint8Array, masked = false) =>
    shownValue(value, { masked, digest: 'd', mask: (text) => text.replaceAll('hunter2', '***') })

  test('that is text is shown without what is known to be secret', () => {
    expect(shown(Buffer.from('a hunter2'))).toEqual({ kind: 'text', bytes: 9, digest: 'd', text: 'a ***' })
  })

  test.each([[[0xff, 0xfe]], [[65, 0, 66]]])('of bytes %j is no text', (bytes) => {
    expect(shown(Uint8Array.from(bytes)).kind).toBe('binary')
  })

  test('that is a private key is masked whatever its name is', () => {
    const key = Buffer.from('# tls\n-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----\n')
    expect(shown(key).kind).toBe('masked')
    expect(shown(Buffer.from('-----BEGIN CERTIFICATE-----\nabc')).kind).toBe('text')
  })

  test('that is masked leaves nothing of itself but its length', () => {
    expect(shown(Buffer.from('hunter2'), true)).toEqual({ kind: 'masked', bytes: 7, digest: 'd' })
  })
})

test('a level has keys as they are and folders with what is in them', () => {
  const keys = ['a/', 'a/b', 'a/c/d', 'a/c/e', 'a/c/', 'ab']
  expect(levelOf(keys, 'a/')).toEqual([
    { name: 'a/', keys: null },
    { name: 'a/b', keys: null },
    { name: 'a/c/', keys: 3 },
    { name: 'ab', keys: null },
  ])
  expect(levelOf(['a/b', 'c'], '')).toEqual([
    { name: 'a/', keys: 1 },
    { name: 'c', keys: null },
  ])
})
