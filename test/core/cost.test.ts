import { describe, expect, test } from 'vitest'
import { costAfter, costAt, costBegins, costGoesOn, money, rateChange, rateOf } from '../../src/core/cost.ts'

const HOUR = 3_600_000
const well = (rate: number | null) => ({ well: true, rate, down: false })

describe('the price of an hour', () => {
  test('is the sum over the counts that have a price', () => {
    expect(rateOf({ app_count: 0.1, generator_count: 0.2 }, { app_count: 1, generator_count: 1, other: 9 })).toBe(0.3)
    expect(rateOf({ app_count: 0.1 }, { app_count: 'many' })).toBe(0)
  })

  test('is not known where the site gives no prices', () => {
    expect(rateOf({}, { app_count: 3 })).toBeNull()
  })

  test('is said with its change an hour and a month of 730 hours', () => {
    expect(rateChange(0.2, 0.5, 'EUR')).toBe(
      '0.20 EUR → 0.50 EUR an hour (+0.30 EUR), about 146.00 EUR → 365.00 EUR a month (+219.00 EUR)',
    )
    expect(rateChange(0.5, 0.2, 'EUR')).toContain('(-0.30 EUR)')
    expect(rateChange(0.5, 0.5, 'EUR')).toBe('0.50 EUR an hour, as before')
    expect(rateChange(0.5, null, 'EUR')).toBeNull()
    expect(money(0.0042, 'USD')).toBe('0.0042 USD')
  })
})

describe('what an environment has cost', () => {
  /** Up at 1 an hour since 0, without the apply having taken any time. */
  const up = costAfter(costBegins(null, 1, 0), well(1), 0)

  test('grows with the rate, over changes of size', () => {
    const bigger = costAfter(costBegins(up, 3, 2 * HOUR), well(3), 2 * HOUR)
    expect(costAt(bigger, 3 * HOUR)).toEqual({ spent: 5, sure: true })
  })

  test('counts the dearer rate for as long as an apply ran that ended well', () => {
    const grown = costAfter(costBegins(up, 3, HOUR), well(3), 2 * HOUR)
    expect(costAt(grown, 2 * HOUR).spent).toBe(4)
    const shrunk = costAfter(costBegins(grown, 1, 2 * HOUR), well(1), 3 * HOUR)
    expect(costAt(shrunk, 3 * HOUR)).toEqual({ spent: 7, sure: true })
  })

  test('is "at least" the cheaper one after an apply that failed, and stays so', () => {
    const failed = costAfter(costBegins(up, 3, HOUR), { well: false, rate: 3, down: false }, 2 * HOUR)
    expect(costAt(failed, 3 * HOUR)).toEqual({ spent: 3, sure: false })
    const mended = costAfter(costBegins(failed, 3, 3 * HOUR), well(3), 3 * HOUR)
    expect(costAt(mended, 4 * HOUR)).toEqual({ spent: 6, sure: false })
  })

  test('is "at least" while nobody knows how an apply ended, and after another one began', () => {
    const lost = costBegins(up, 3, HOUR)
    expect(costAt(lost, 3 * HOUR)).toEqual({ spent: 3, sure: false })
    const next = costAfter(costBegins(lost, 3, 3 * HOUR), well(3), 3 * HOUR)
    expect(costAt(next, 4 * HOUR)).toEqual({ spent: 6, sure: false })
  })

  test('goes on as before where an apply never began', () => {
    expect(costAt(costGoesOn(costBegins(up, 3, HOUR)) ?? up, 2 * HOUR)).toEqual({ spent: 2, sure: true })
  })

  test('stands still once it is down, and begins anew when it comes up again', () => {
    const down = costAfter(costBegins(up, 0, 2 * HOUR), { well: true, rate: 0, down: true }, 2 * HOUR)
    expect(costAt(down, 9 * HOUR)).toEqual({ spent: 2, sure: true })
    expect(costBegins(down, 1, 9 * HOUR)).toMatchObject({ since: 9 * HOUR, spent: 0, until: null })
  })

  test('costs nothing for a clock that stepped back', () => {
    expect(costAt(up, -HOUR).spent).toBe(0)
  })
})
