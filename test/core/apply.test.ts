import { describe, expect, test } from 'vitest'
import {
  applyHeadline,
  applyReport,
  beginApply,
  describeFailed,
  nextStep,
  progressText,
  recordEvent,
} from '../../src/core/apply.ts'
import { AT, addresses, complete, error, errored, hook, planned, recordOf, start } from './apply-stream.ts'

describe('applyReport', () => {
  test('shows what is in flight and since when, and what is still to come', () => {
    const changes = [planned('a.one', 'create'), planned('a.two', 'create'), planned('a.three', 'move')]
    const report = applyReport(recordOf(changes, start('a.one', 'create')))
    expect(report.running).toEqual([{ change: changes[0], action: 'create', since: AT }])
    expect(addresses(report.notStarted)).toEqual(['a.two', 'a.three'])
    expect(applyHeadline(report)).toBe('1 running, 2 not started.')
    expect(nextStep(report)).toBeUndefined()
  })

  test('keeps a replacement running between its destroy and its create', () => {
    const changes = [planned('a.b', 'replace', { order: 'destroy first' })]
    const report = applyReport(recordOf(changes, start('a.b', 'delete'), complete('a.b', 'delete')))
    expect(report.running).toMatchObject([{ action: 'create' }])
    expect(report.done).toEqual([])
  })

  test.each([
    ['destroy first', [start('a.b', 'delete'), errored('a.b', 'delete')], 'not destroyed, not created again', false],
    ['destroy first', [complete('a.b', 'delete')], 'destroyed, not created again', false],
    ['destroy first', [complete('a.b', 'delete'), errored('a.b', 'create')], 'destroyed, not created again', 'maybe'],
    ['destroy first', [start('a.b', 'delete')], 'cut off while the old one was being destroyed', false],
    [
      'destroy first',
      [complete('a.b', 'delete'), start('a.b', 'create')],
      'destroyed; cut off while the new one was being created',
      'maybe',
    ],
    ['create first', [errored('a.b', 'create')], 'not created, the old one is still there', 'maybe'],
    ['create first', [complete('a.b', 'create')], 'the new one was created, the old one was not destroyed', false],
    [
      'create first',
      [complete('a.b', 'create'), errored('a.b', 'delete')],
      'the new one was created, the old one was not destroyed',
      false,
    ],
    [
      'create first',
      [start('a.b', 'create'), hook('provision_errored', 'a.b', ''), errored('a.b', 'create')],
      'the new one is tainted, the old one is left over',
      true,
    ],
    ['old one kept', [errored('a.b', 'create')], 'not created, the old one is still there', 'maybe'],
  ] as const)('says of a replacement (%s) that stopped half way what is there now', (order, stream, note, tainted) => {
    const report = applyReport(recordOf([planned('a.b', 'replace', { order })], ...stream), { exitCode: 1 })
    expect(report.failed).toMatchObject([{ note, tainted }])
    expect(report.done).toEqual([])
  })

  test('says of plain changes what failed, with the reason where Terraform names the address', () => {
    const changes = [planned('a.c', 'create'), planned('a.u', 'update'), planned('a.d', 'delete')]
    const stream = [
      errored('a.c', 'create'),
      errored('a.u', 'update'),
      errored('a.d', 'delete'),
      error('Denied', 'a.u'),
    ]
    const report = applyReport(recordOf(changes, ...stream), { exitCode: 1 })
    expect(report.failed.map(describeFailed)).toEqual([
      'a.c: not created',
      'a.u: not changed, or only in part (Denied)',
      'a.d: not destroyed',
    ])
    expect(report.failed.map(({ tainted }) => tainted)).toEqual(['maybe', false, false])
  })

  test('calls a change failed that Terraform refused before it began', () => {
    const report = applyReport(recordOf([planned('a.b', 'create')], error('Precondition failed', 'a.b')), {
      exitCode: 1,
    })
    expect(report.failed.map(describeFailed)).toEqual(['a.b: refused before it began (Precondition failed)'])
  })

  test('leaves open what was in flight when the process vanished, and says to look first', () => {
    const changes = [
      planned('a.one', 'create'),
      planned('a.two', 'create'),
      planned('a.three', 'create'),
      planned('a.f', 'forget'),
    ]
    const stream = [start('a.one', 'create'), complete('a.one', 'create'), start('a.two', 'create')]
    const report = applyReport(recordOf(changes, ...stream), 'vanished')
    expect(addresses(report.done)).toEqual(['a.one'])
    expect(addresses(report.unsure)).toEqual(['a.two', 'a.f'])
    expect(addresses(report.notStarted)).toEqual(['a.three'])
    expect(report.succeeded).toBe(false)
    expect(nextStep(report)).toMatch(/^Look before/)
  })

  test('does not claim that a failed apply saved the moves and forgets, of which the stream says nothing', () => {
    const changes = [planned('a.m', 'move'), planned('a.c', 'create')]
    const report = applyReport(recordOf(changes, errored('a.c', 'create')), { exitCode: 1 })
    expect(addresses(report.unreported)).toEqual(['a.m'])
    expect(addresses(applyReport(recordOf(changes), { exitCode: 0 }).done)).toEqual(['a.m', 'a.c'])
  })

  test('keeps events of addresses that nobody planned', () => {
    const report = applyReport(recordOf([], errored('a.x', 'create'), complete('a.y', 'dance')), { exitCode: 1 })
    expect(report.failed.map(({ change }) => change.address)).toEqual(['a.x'])
    expect(report.done).toEqual([planned('a.y', 'unknown', { rawActions: ['dance'] })])
    expect(progressText(report, 1000)).toBe('0 of 1 created, 1 of 1 done, 1 failed, 1 s')
  })

  test('tells a left-over copy from the object at the same address', () => {
    const changes = [
      planned('a.b', 'replace', { order: 'create first' }),
      planned('a.b', 'delete', { deposed: 'ab12' }),
    ]
    const report = applyReport(recordOf(changes, complete('a.b', 'delete'), start('a.b', 'create')))
    expect(report.done).toEqual([changes[1]])
    expect(report.running).toMatchObject([{ change: changes[0], action: 'create' }])
  })

  test('says that a state was not saved, before anything else', () => {
    const report = applyReport(
      recordOf([planned('a.b', 'create')], complete('a.b', 'create'), error('Failed to persist state to backend')),
      { exitCode: 1 },
    )
    expect(applyHeadline(report)).toBe('1 done. Terraform ended with an error: Failed to persist state to backend.')
    expect(nextStep(report)).toMatch('errored.tfstate')
  })

  test('says that a stale plan changed nothing', () => {
    const report = applyReport(recordOf([planned('a.b', 'create')], error('Saved plan is stale')), { exitCode: 1 })
    expect(applyHeadline(report)).toBe('1 not started. Terraform ended with an error: Saved plan is stale.')
    expect(nextStep(report)).toMatch('plan again')
  })

  test('does not change the record it is given', () => {
    const before = Object.freeze(beginApply([planned('a.b', 'create')]))
    const after = recordEvent(before, start('a.b', 'create'))
    expect(before.operations).toEqual([])
    expect(JSON.parse(JSON.stringify(after))).toEqual(after)
  })
})
