import { describe, expect, test } from 'vitest'
import { monitorsSchema } from '../../../src/core/monitors.ts'
import type { Finding } from '../../../src/monitors/vault-audit/judge.ts'
import type { Kept } from '../../../src/monitors/vault-audit/kept.ts'
import { cutPath, statusOf } from '../../../src/monitors/vault-audit/status.ts'
import { createWindows } from '../../../src/monitors/vault-audit/windows.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const MIN = 60_000
const thresholds = monitorsSchema.parse({ vault_audit: { file: 'a', state: 'b' } }).vault_audit?.thresholds ?? []

function finding(over: Partial<Finding> = {}): Finding {
  const base = {
    kind: 'denied',
    class: 'policy',
    time: NOW,
    namespace: 'team',
    path: 'kv/data/a',
    address: '10.0.0.1',
  } as const
  return { ...base, principal: 'app1', ...over }
}
function filled(...findings: Finding[]) {
  const windows = createWindows()
  const kept = findings.map((each) => windows.add(each, NOW))
  return { kept, windows, view: (ms: number) => windows.view(ms, NOW) }
}

describe('windows', () => {
  test('slide by the time of the entry, and what is older than an hour is in none', () => {
    const ages = [0, 2 * MIN, 30 * MIN, 61 * MIN]
    const { kept, view } = filled(...ages.map((age) => finding({ time: NOW - age })))
    expect(kept).toEqual([true, true, true, false])
    expect([MIN, 5 * MIN, 60 * MIN].map((ms) => view(ms).sums.denied)).toEqual([1, 2, 3])
  })

  test('empty themselves as time goes by', () => {
    const { windows } = filled(finding())
    expect(windows.view(MIN, NOW + 59_000).sums.denied).toBe(1)
    expect(windows.view(MIN, NOW + 70_000).sums.denied).toBe(0)
  })

  test('take a clock that runs ahead as now, and an entry without a time too', () => {
    const { view } = filled(finding({ time: NOW + 10 * MIN }), finding({ time: undefined }))
    expect(view(MIN).sums.denied).toBe(2)
  })

  test('give the denied of each of the last 60 minutes, the oldest first, as many as the hour has', () => {
    const windows = createWindows()
    const late = NOW + 34_000
    for (const age of [0, 0, 59_000, 61_000, 59 * MIN, 61 * MIN]) windows.add(finding({ time: late - age }), late)
    windows.add(finding({ kind: 'failedLogin', time: late }), late)
    const minutes = windows.minutes(late)
    expect(minutes.length).toBe(60)
    expect([minutes[0], minutes[58], minutes[59]]).toEqual([1, 2, 2])
    expect(minutes.reduce((sum, each) => sum + each, 0)).toBe(windows.view(60 * MIN, late).sums.denied)
    expect(windows.minutes(late + 30 * MIN).indexOf(2)).toBe(28)
    expect(windows.minutes(late + 2 * 60 * MIN)).toEqual(Array.from({ length: 60 }, () => 0))
  })

  test('count after a restart what they kept: sums and classes, by their time', () => {
    const { windows } = filled(...[0, 4 * MIN, 30 * MIN].map((age) => finding({ time: NOW - age })))
    const kept: Kept[] = JSON.parse(JSON.stringify(windows.kept(NOW)))
    const again = createWindows(kept)
    for (const ms of [MIN, 5 * MIN, 60 * MIN]) {
      expect(again.view(ms, NOW).sums).toEqual(windows.view(ms, NOW).sums)
      expect(again.view(ms, NOW).top.denied.class).toEqual(windows.view(ms, NOW).top.denied.class)
    }
    expect(again.minutes(NOW)).toEqual(windows.minutes(NOW))
    expect(JSON.stringify(kept)).not.toMatch(/app1|kv\/data|10\.0/)
    expect(again.view(60 * MIN, NOW + 2 * 60 * MIN).sums.denied).toBe(0)
    expect(windows.kept(NOW + 2 * 60 * MIN)).toEqual([])
  })

  test('do not count what lies ahead of a clock that was set back', () => {
    const { windows } = filled(finding())
    expect(windows.view(60 * MIN, NOW - 10 * MIN).sums.denied).toBe(0)
    expect(windows.minutes(NOW - 10 * MIN).some((each) => each > 0)).toBe(false)
  })

  test('stay bounded with a hundred thousand names, and lose no count', () => {
    const { windows, view } = filled()
    for (let made = 0; made < 100_000; made++)
      windows.add(finding({ principal: `p${made}`, address: 'x'.repeat(5000), time: NOW - (made % 3600) * 1000 }), NOW)
    const { sums, top } = view(60 * MIN)
    const names = top.denied.principal
    expect(names.length).toBeLessThanOrEqual(21)
    expect(names.at(-1)?.name).toBe('other')
    expect(names.reduce((sum, { count }) => sum + count, 0)).toBe(sums.denied)
    expect(top.denied.address[0]?.name.length).toBe(200)
  })
})

describe('the status', () => {
  const said = (trouble: string | undefined, ...findings: Finding[]) =>
    statusOf({ thresholds, view: filled(...findings).view, trouble })
  const many = (count: number, over: Partial<Finding> = {}) => Array.from({ length: count }, () => finding(over))

  test.each([
    ['passing', many(9)],
    ['warning', many(10)],
    ['passing', many(10, { time: NOW - 6 * MIN })],
    ['critical', many(100)],
    ['warning', many(1, { kind: 'wrappingInvalid', time: NOW - 50 * MIN })],
    ['warning', many(10, { kind: 'failedLogin' })],
  ])('%s', (status, findings) => {
    expect(said(undefined, ...findings).status).toBe(status)
  })

  test('is critical when the log cannot be read, whatever is counted', () => {
    expect(said('the audit file is not there')).toMatchObject({
      status: 'critical',
      output: expect.stringMatching(/^CRITICAL: the audit file is not there\./),
    })
    const { windows, view } = filled()
    windows.read(100, 1, NOW)
    expect(statusOf({ thresholds, view, trouble: undefined }).status).toBe('passing')
    windows.read(0, 1, NOW)
    expect(statusOf({ thresholds, view, trouble: undefined })).toMatchObject({
      status: 'critical',
      output: expect.stringMatching(/cannot read the log: 2 of 100/),
    })
  })

  test('has a text under 2 KB that names the reason first', () => {
    const long = many(200).map((each, index) =>
      finding({ ...each, path: `${'ä'.repeat(100)}${index}`, principal: `${'ö'.repeat(90)}${index}\n` }),
    )
    const { output } = said(undefined, ...long)
    expect(Buffer.byteLength(output)).toBeLessThan(2048)
    expect(output).toMatch(/^CRITICAL: 200 denied in 5m \(warning 10, critical 100\)\.\n1 min: 200 denied/)
    expect(output).not.toMatch(/\uFFFD/)
  })
})

test.each([
  ['kv/data/a', 'kv/data/a'],
  ['kv/data/a/b', 'kv/data/a/...'],
  ['', ''],
])('the path %s is cut to %s', (path, cut) => {
  expect(cutPath(path, 3)).toBe(cut)
})
