import { expect, test } from 'vitest'
import { addTime, encodeTimes, newTimes, percentile } from '../../../src/tools/load/histogram.ts'
import { createRecorder } from '../../../src/tools/load/recorder.ts'
import { addShare, nothingMeasured, numbersOf, packShare, readLine, seriesOf } from '../../../src/tools/load/share.ts'

/** Times between 0.1 and about 900 ms, always the same ones: many short, few long. */
const times = Array.from({ length: 6000 }, (_, at) => {
  const part = ((at * 7919) % 6000) / 6000
  return 0.1 + 900 * part ** 4
})

/** The lines of a generator's process that measured some of them: at most 100 in a second. */
function linesOf(own: readonly number[]): string[] {
  const recorder = createRecorder()
  return own.flatMap((ms, at) => {
    recorder.add({ at: at / 100, ms, error: at % 40 === 0 ? 'HTTP 503' : null })
    return at % 70 === 0 || at === own.length - 1 ? recorder.take().map((line) => JSON.stringify(line)) : []
  })
}

function shareOf(own: readonly number[]) {
  const share = nothingMeasured()
  for (const line of linesOf(own)) expect(readLine(share, line)).toBeNull()
  return share
}

test('shares that are merged give exactly what one histogram of everything gives, and not an average of percentiles', () => {
  // Unlike shares: a third of the fast ones, and all others.
  const fast = [...times].sort((a, b) => a - b).slice(0, 2000)
  const rest = [...times].sort((a, b) => a - b).slice(2000)
  const merged = nothingMeasured()
  for (const own of [fast, rest]) addShare(merged, packShare(shareOf(own)))
  const all = newTimes()
  for (const ms of times) addTime(all, ms)
  expect(merged.requests).toBe(6000)
  expect(merged.times.totalCount).toBe(6000)
  for (const at of [1, 25, 50, 75, 90, 95, 99, 99.9, 100])
    expect(percentile(merged.times, at)).toBe(percentile(all, at))
  const [half, other] = [fast, rest].map((own) => percentile(shareOf(own).times, 50) ?? 0)
  const average = ((half ?? 0) + (other ?? 0)) / 2
  expect(percentile(merged.times, 50)).not.toBeCloseTo(average, 0)
})

test('a percentile is that of the times themselves, to three digits', () => {
  const all = newTimes()
  for (const ms of times) addTime(all, ms)
  const sorted = [...times].sort((a, b) => a - b)
  for (const at of [50, 90, 95, 99]) {
    const exact = sorted[Math.ceil((at / 100) * sorted.length) - 1] ?? 0
    expect(Math.abs((percentile(all, at) ?? 0) - exact) / exact).toBeLessThan(0.006)
  }
  expect(percentile(newTimes(), 95)).toBeNull()
  expect(encodeTimes(newTimes())).toBe('')
})

test('errors are counted by kind; what was never answered has no time', () => {
  const recorder = createRecorder()
  recorder.add({ at: 0.2, ms: 4, error: null })
  recorder.add({ at: 0.4, ms: null, error: 'timed out' })
  recorder.add({ at: 1.4, ms: 6, error: 'HTTP 500' })
  recorder.add({ at: 1.9, ms: null, error: 'timed out' })
  const measured = nothingMeasured()
  for (const line of recorder.take()) readLine(measured, JSON.stringify(line))
  const numbers = numbersOf(measured, 2)
  expect(numbers.errors).toEqual({ 'timed out': 2, 'HTTP 500': 1 })
  expect([numbers.requests, numbers.failed, numbers.errorPercent, numbers.throughput]).toEqual([4, 3, 75, 0.5])
  expect(measured.times.totalCount).toBe(2)
  expect(recorder.take()).toEqual([])
})

test('the last line says how it ended; anything else is refused', () => {
  const measured = nothingMeasured()
  expect(readLine(measured, '{"end":"stopped","seconds":1.5}')).toEqual({ end: 'stopped', seconds: 1.5 })
  expect(readLine(measured, '{"end":"failed","seconds":0,"why":"no"}')).toMatchObject({ why: 'no' })
  expect(() => readLine(measured, '{"requests":1}')).toThrow()
  expect(() => readLine(measured, 'Killed')).toThrow()
})

test('the series leaves out a last second that was not a whole one, joins seconds of a long run, and shows gaps', () => {
  const measured = nothingMeasured()
  const recorder = createRecorder()
  for (const at of [0.1, 0.2, 2.5, 3.01]) recorder.add({ at, ms: 5, error: null })
  for (const line of recorder.take()) readLine(measured, JSON.stringify(line))
  expect(seriesOf(measured, 3.1).map(({ throughput, p95 }) => [throughput, p95 !== null])).toEqual([
    [2, true],
    [0, false],
    [1, true],
  ])
  expect(seriesOf(measured, 4, 2).map(({ second, throughput }) => [second, throughput])).toEqual([
    [0, 1],
    [2, 1],
  ])
})

test('throughput is what was answered without error, second by second as well, and also of shares that are merged', () => {
  const measured = nothingMeasured()
  const recorder = createRecorder()
  for (const at of [0.1, 0.2, 0.3]) recorder.add({ at, ms: 5, error: at === 0.1 ? 'HTTP 503' : null })
  recorder.add({ at: 1.1, ms: null, error: 'connection refused' })
  for (const line of recorder.take()) readLine(measured, JSON.stringify(line))
  const merged = nothingMeasured()
  for (const _ of [1, 2]) addShare(merged, packShare(measured))
  expect(seriesOf(merged, 2).map(({ throughput, p95 }) => [throughput, p95])).toEqual([
    [4, 5],
    [0, null],
  ])
  expect([merged.requests, numbersOf(merged, 2).failed, numbersOf(merged, 2).throughput]).toEqual([8, 4, 2])
})
