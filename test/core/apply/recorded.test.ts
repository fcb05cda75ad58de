import { describe, expect, test } from 'vitest'
import {
  applyHeadline,
  applyReport,
  beginApply,
  describeFailed,
  nextStep,
  progressText,
  readEvent,
  recordEvent,
} from '../../../src/core/apply.ts'
import { readPlan, summarizePlan } from '../../../src/core/plan.ts'
import { addresses } from '../apply-stream.ts'
import { cases, events, pathIn, planOf, read, reportOf } from '../terraform-cases.ts'

describe.each(cases('apply.ndjson'))('the recorded apply %s', (name) => {
  const summary = summarizePlan(readPlan(planOf(name)))
  const report = reportOf(name, summary)

  test('is told as expected', async () => {
    const seen = {
      headline: applyHeadline(report),
      progress: progressText(report, 40_000),
      done: addresses(report.done),
      failed: report.failed.map((failed) => ({ line: describeFailed(failed), tainted: failed.tainted })),
      notStarted: addresses(report.notStarted),
      unsure: addresses(report.unsure),
      unreported: addresses(report.unreported),
      interrupted: report.interrupted,
      next: nextStep(report) ?? null,
    }
    await expect(`${JSON.stringify(seen, null, 2)}\n`).toMatchFileSnapshot(pathIn(name, 'expected-apply.json'))
  })

  test('has every planned change on exactly one list', () => {
    const { done, failed, notStarted, running, unsure, unreported } = report
    const listed = [...done, ...failed.map(({ change }) => change), ...notStarted, ...unsure, ...unreported]
    expect(running).toEqual([])
    expect(new Set(listed).size).toBe(listed.length)
    expect(addresses(listed).sort()).toEqual(addresses(summary.changes).sort())
  })

  test('keeps no output of a command but in the detail of a diagnostic, which is untrusted', () => {
    const record = events(name, 'apply.ndjson').reduce(recordEvent, beginApply(summary.changes))
    const trusted = record.diagnostics.map(({ detail: _untrusted, ...rest }) => rest)
    expect(JSON.stringify({ ...record, diagnostics: trusted })).not.toMatch(/hunter2|Executing/)
  })

  test('can be followed line by line, wherever the file is torn', () => {
    const text = read(name, 'apply.ndjson')
    for (let length = 0; length < text.length; length += 97) {
      const stream = text.slice(0, length).split('\n').map(readEvent)
      const record = stream.filter((event) => event !== undefined).reduce(recordEvent, beginApply(summary.changes))
      expect(applyReport(record).ended).toBe(false)
    }
  })
})
