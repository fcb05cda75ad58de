import { describe, expect, test } from 'vitest'
import type { LoadOutput } from '../../src/core/load/report.ts'
import { alternativeText, count, missedText, readLoadOutput, rowsOf, verdictsOf } from '../../src/core/load/report.ts'
import { siteSchema } from '../../src/core/site.ts'
import { written } from './sample-site.ts'

const numbers = {
  requests: 12_000,
  failed: 60,
  seconds: 30,
  throughput: 400,
  p50: 4.2,
  p90: 9,
  p95: 212,
  p99: 480,
  max: 1200,
  errorPercent: 0.5,
  errors: { 'HTTP 503': 60 },
}
const load: LoadOutput = {
  ...numbers,
  plan: 'smoke',
  engine: 'autocannon',
  target: 'http://127.0.0.1:4001/',
  generators: 2,
  connections: 8,
  rate: 400,
  wanted: 2,
  shares: [],
  verdicts: [],
  before: null,
}

describe('thresholds', () => {
  test('are kept at exactly their limit, times and errors from below, throughput from above', () => {
    const exact = { p95_ms: 212, p99_ms: 480, error_percent: 0.5, min_throughput: 400 }
    expect(verdictsOf(numbers, exact).map(({ passed }) => passed)).toEqual([true, true, true, true])
    const tighter = { p95_ms: 211, p99_ms: 479, error_percent: 0.4, min_throughput: 401 }
    expect(verdictsOf(numbers, tighter).map(({ passed }) => passed)).toEqual([false, false, false, false])
  })

  test('that are not given judge nothing', () => {
    expect(verdictsOf(numbers, {})).toEqual([])
    expect(missedText([])).toBeNull()
  })

  test('of times are missed where nothing was answered', () => {
    const none = { ...numbers, p95: null, p99: null, throughput: 0, errorPercent: 100 }
    const verdicts = verdictsOf(none, { p95_ms: 200, p99_ms: 400 })
    expect(verdicts.map(({ passed }) => passed)).toEqual([false, false])
    expect(missedText(verdicts)).toContain('p95 none, at most 200 ms')
  })

  test('that are missed are named with both numbers', () => {
    expect(missedText(verdictsOf(numbers, { p95_ms: 200, min_throughput: 100 }))).toBe(
      '1 of 2 thresholds missed: p95 212 ms, at most 200 ms.',
    )
  })
})

describe('the table', () => {
  test('compares with the run before, and a change from nothing has no percentage', () => {
    const before = {
      execution: 'k3',
      at: 0,
      throughput: 320,
      p50: 4.2,
      p95: 240,
      p99: 600,
      errorPercent: 0,
      otherwise: '',
    }
    const rows = Object.fromEntries(rowsOf({ ...load, before }).map(({ name, ...row }) => [name, row]))
    expect(rows.throughput).toEqual({ now: '400/s', before: '320/s', change: '+25 %' })
    expect(rows.p50?.change).toBe('=')
    expect(rows.p95?.change).toBe('-12 %')
    expect(rows.errors?.change).toBe('new')
    expect(rows.max).toEqual({ now: '1,200 ms' })
  })

  test('stands alone for the first run', () => {
    expect(rowsOf(load).every(({ before }) => before === undefined)).toBe(true)
  })
})

test('numbers have as many digits as people read', () => {
  expect([0.424, 4.24, 42.44, 424.4, 42_440].map(count)).toEqual(['0.42', '4.24', '42.4', '424', '42,440'])
})

test('the words for the picture say the range of both lines, and need no answer to be there', () => {
  const words = alternativeText(load, [
    { throughput: 300, p95: 20 },
    { throughput: 500, p95: null },
  ])
  expect(words).toContain('Throughput went from 300 to 500 answers without error a second')
  expect(words).toContain('percentile went from 20 to 20 milliseconds')
  const nothing = alternativeText({ ...load, p95: null }, [{ throughput: 0, p95: null }])
  expect(nothing).toContain('Nothing was answered in a whole second')
  expect(nothing).not.toContain('milliseconds')
})

test('an output of something else is no report', () => {
  expect(readLoadOutput({ headline: 'x' })).toBeNull()
  expect(readLoadOutput(JSON.parse(JSON.stringify(load)))).toEqual(load)
})

describe('a load test in the site', () => {
  const target = { service: 'loadtest-app' }
  const issues = (plan: object) =>
    siteSchema
      .safeParse({ ...written, loadtests: { smoke: { environment: 'loadtest', target, ...plan } } })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

  test('has sensible defaults', () => {
    expect(issues({})).toEqual([])
  })

  test.each([
    [
      'an environment that is not there',
      { environment: 'nowhere' },
      /loadtests.smoke.environment: names the environment nowhere/,
    ],
    ['no target', { target: undefined }, /target: autocannon needs a target/],
    ['a target that is no address', { target: 'ftp://x' }, /target: expected an http/],
    ['JMeter without a plan', { engine: 'jmeter' }, /plan: jmeter needs its test plan/],
    ['a plan without JMeter', { plan: 'x.jmx' }, /only the engine jmeter/],
    ['more generators than it allows', { generators: 3, most_generators: 2 }, /generators: more than/],
    ['fewer connections than generators', { connections: 1, generators: 2 }, /connections: fewer/],
    ['a time longer than it allows', { for: '2h' }, /for: longer than longest/],
  ])('with %s is refused', (_, plan, complaint) => {
    expect(issues(plan).join('\n')).toMatch(complaint)
  })
})
