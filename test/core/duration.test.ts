import { describe, expect, test } from 'vitest'
import { milliseconds, spoken } from '../../src/core/duration.ts'
import { UserError } from '../../src/errors.ts'

describe('a duration', () => {
  test.each([
    ['1s', 1000],
    ['90s', 90_000],
    ['45m', 45 * 60_000],
    ['4h', 4 * 3_600_000],
    ['1h30m', 90 * 60_000],
    ['2d', 48 * 3_600_000],
    ['1d12h', 36 * 3_600_000],
    [' 4h ', 4 * 3_600_000],
    ['0h5m', 5 * 60_000],
  ])('%s is %i milliseconds', (text, expected) => {
    expect(milliseconds(text)).toBe(expected)
  })

  test.each([
    '',
    ' ',
    '4',
    'h',
    '4 h',
    '-4h',
    '+4h',
    '1.5h',
    '1,5h',
    '4H',
    '4hours',
    '0s',
    '0h0m',
    '4h!',
    '1e3s',
    '٤h',
  ])('%j is refused with the form that was expected', (text) => {
    expect(() => milliseconds(text)).toThrow(UserError)
    expect(() => milliseconds(text)).toThrow(/is not a duration.*`90s`.*`4h`/)
  })

  test('a number too long to be meant is refused', () => {
    expect(() => milliseconds('9999999h')).toThrow(UserError)
  })
})

describe('spoken', () => {
  test.each([
    [0, '0 s'],
    [-5000, '0 s'],
    [499, '0 s'],
    [500, '1 s'],
    [40_000, '40 s'],
    [59_600, '1 m'],
    [60_000, '1 m'],
    [372_000, '6 m 12 s'],
    [4 * 3_600_000, '4 h'],
    [4 * 3_600_000 + 5_000, '4 h'],
    [51 * 3_600_000, '2 d 3 h'],
    [86_400_000 + 60_000, '1 d'],
  ])('%i milliseconds are %s', (ms, text) => {
    expect(spoken(ms)).toBe(text)
  })

  test.each(['90s', '45m', '4h', '1h30m', '2d'])('what %s means can be read back', (text) => {
    expect(milliseconds(spoken(milliseconds(text)).replaceAll(' ', ''))).toBe(milliseconds(text))
  })
})
