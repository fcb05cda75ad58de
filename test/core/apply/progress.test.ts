import { describe, expect, test } from 'vitest'
import {
  applyReport,
  beginPlan,
  planProgressText,
  progressText,
  readEvent,
  recordPlanEvent,
  workedOn,
} from '../../../src/core/apply.ts'
import { complete, planned, recordOf, start } from '../apply-stream.ts'
import { events } from '../terraform-cases.ts'

describe('progress', () => {
  test('counts by what is done, in words', () => {
    const creates = Array.from({ length: 12 }, (_, index) => planned(`a.b[${index}]`, 'create'))
    const stream = creates.slice(0, 7).flatMap(({ address }) => [start(address, 'create'), complete(address, 'create')])
    expect(progressText(applyReport(recordOf(creates, ...stream)), 40_000)).toBe('7 of 12 created, 40 s')
    const mixed = [...creates.slice(0, 2), planned('a.d', 'delete'), planned('a.m', 'move')]
    expect(progressText(applyReport(recordOf(mixed, complete('a.d', 'delete'))), 61_000)).toBe(
      '0 of 2 created, 1 of 1 destroyed, 1 m 1 s',
    )
    expect(progressText(applyReport(recordOf([planned('a.m', 'move')])), 3000)).toBe('applying, 3 s')
  })

  test('names what Terraform works on, what takes longest first', () => {
    const creates = ['a.one', 'a.two', 'a.three'].map((address) => planned(address, 'create'))
    const working = (...stream: Parameters<typeof recordOf>[1][]) => workedOn(applyReport(recordOf(creates, ...stream)))
    expect(working()).toBeUndefined()
    expect(working(start('a.one', 'create'))).toBe('a.one')
    const both = [start('a.one', 'create'), start('a.two', 'create')]
    expect(working(...both)).toBe('a.one and 1 more')
    expect(working(...both, complete('a.one', 'create'))).toBe('a.two')
  })

  test('says that it is stopping after an interrupt', () => {
    const line = JSON.stringify({
      type: 'log',
      '@message': '\nInterrupt received.\nPlease wait for Terraform to exit\n',
    })
    const event = readEvent(line)
    expect(event).toEqual({ type: 'interrupted' })
    const record = recordOf([planned('a.b', 'create')], start('a.b', 'create'), ...(event ? [event] : []))
    expect(progressText(applyReport(record), 3000)).toBe('stopping: 0 of 1 created, 3 s')
  })

  test('of a plan counts what was refreshed, and keeps its errors', () => {
    const progress = events('delete-by-count', 'plan.ndjson').slice(0, 4).reduce(recordPlanEvent, beginPlan())
    expect(planProgressText(progress, 3000)).toMatch(/^\d of [23] refreshed, 3 s$/)
    expect(progress.looksAt).toMatch(/^terraform_data\./)
    const failed = events('plan-fails', 'plan.ndjson').reduce(recordPlanEvent, beginPlan())
    expect(planProgressText(failed, 3000)).toBe('planning, 3 s')
    expect(failed.diagnostics).toMatchObject([{ severity: 'error', summary: 'Resource precondition failed' }])
  })
})
