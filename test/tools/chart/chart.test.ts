import { describe, expect, test } from 'vitest'
import { drawLoad } from '../../../src/tools/chart.ts'
import { drawMinutes } from '../../../src/tools/chart-minutes.ts'
import { pixelsOf } from './pixels.ts'

const RED = [0xb3, 0x26, 0x1e]
const BLUE = [0x1d, 0x5f, 0xa8]
const endsAt = Date.parse('2026-11-20T13:04:00Z')
const hour = (of: (minute: number) => number) => Array.from({ length: 60 }, (_each, minute) => of(minute))
const chart = { title: 'Denied requests', subtitle: 'vault-1, dc1', endsAt }

describe('the last hour', () => {
  test('has a red bar where something was, as high as it is, and none elsewhere', async () => {
    const { width, height, count } = pixelsOf(await drawMinutes({ ...chart, minutes: hour((m) => (m > 44 ? 40 : 0)) }))
    expect([width, height]).toEqual([1200, 700])
    expect(count(RED, { left: 0, right: 880 })).toBe(0)
    const full = count(RED, { left: 880, right: 1200 })
    const half = pixelsOf(await drawMinutes({ ...chart, minutes: hour((m) => (m === 59 ? 40 : m > 44 ? 20 : 0)) }))
    expect(half.count(RED, { left: 880, right: 1200 }) / full).toBeCloseTo(8 / 15, 1)
  })

  test('without anything is an empty chart with its line at zero', async () => {
    const { count } = pixelsOf(await drawMinutes({ ...chart, minutes: hour(() => 0) }))
    expect(count(RED)).toBe(0)
    expect(count([0x22, 0x22, 0x22], { top: 595, bottom: 610 })).toBeGreaterThan(2000)
  })

  test('keeps a single finding low: one is not a burst', async () => {
    const { count } = pixelsOf(await drawMinutes({ ...chart, minutes: hour((m) => (m === 30 ? 1 : 0)) }))
    expect(count(RED, { top: 0, bottom: 450 })).toBe(0)
    expect(count(RED)).toBeGreaterThan(500)
  })

  test('cuts a title that does not fit, and takes any text as text', async () => {
    const minutes = hour(() => 1)
    const title = `<b>&"'\u0007\uD800\uFFFF ${'Wide Words '.repeat(50)}`
    const { count } = pixelsOf(await drawMinutes({ ...chart, title, subtitle: title, minutes }))
    expect(count([0x22, 0x22, 0x22], { top: 0, bottom: 70 })).toBeGreaterThan(1000)
    expect(count([0x22, 0x22, 0x22], { left: 1190, top: 0, bottom: 70 })).toBe(0)
  })
})

test('a load test has its two lines', async () => {
  const series = Array.from({ length: 30 }, (_each, second) => ({ second, throughput: 100 + second, p95: 20 }))
  const { width, height, count } = pixelsOf(await drawLoad({ title: 'smoke', subtitle: '', series, limit: 30 }))
  expect([width, height]).toEqual([1200, 900])
  expect(count(BLUE, { top: 195, bottom: 435 })).toBeGreaterThan(1000)
  expect(count(RED, { top: 560, bottom: 800 })).toBeGreaterThan(1000)
})
