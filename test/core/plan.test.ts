import { describe, expect, test } from 'vitest'
import {
  describeChange,
  describePlanned,
  headline,
  isRisky,
  readPlan,
  riskLines,
  secretsOf,
  summarizePlan,
} from '../../src/core/plan.ts'
import { cases, events, exitOf, pathIn, planOf, read } from './terraform-cases.ts'

const EMPTY = { format_version: '1.2', resource_changes: [] }

function entry(actions: string[], more: Record<string, unknown> = {}, change: Record<string, unknown> = {}) {
  return { address: 'aws_instance.web', mode: 'managed', change: { actions, ...change }, ...more }
}

function summaryOf(resource_changes: object[], more: Record<string, unknown> = {}) {
  return summarizePlan(
    readPlan({ ...EMPTY, applyable: true, complete: true, errored: false, resource_changes, ...more }),
  )
}

/** What people and programs see of a plan; `vitest -u` writes expected.json anew. */
function shown(name: string): string {
  const { changes, drifted, outputChanges, timestamp, ...rest } = summarizePlan(readPlan(planOf(name)))
  const summary = { ...rest, changes, drifted, outputChanges }
  const seen = {
    headline: headline(summary),
    lines: changes.map(describeChange),
    ...rest,
    drifted,
    outputChanges,
    secrets: secretsOf(planOf(name)),
  }
  expect(timestamp).toBeTypeOf('string')
  return `${JSON.stringify(seen, null, 2)}\n`
}

describe.each(cases())('the recorded plan %s', (name) => {
  test('is summed up as expected', async () => {
    await expect(shown(name)).toMatchFileSnapshot(pathIn(name, 'expected.json'))
  })
})

describe.each(cases('plan.ndjson'))('the recorded plan %s', (name) => {
  const summary = summarizePlan(readPlan(planOf(name)))

  test('counts what Terraform itself counted in its stream', () => {
    const stream = events(name, 'plan.ndjson')
    const said = stream.find((event) => event.type === 'change_summary')?.summary
    const { add, change, destroy, import: imported, drift } = summary
    expect({ operation: 'plan', add, change, remove: destroy, import: imported }).toEqual(said)
    expect(drift).toBe(stream.filter((event) => event.type === 'resource_drift' && event.action !== 'move').length)
    const planned = (action: string) =>
      stream.filter((event) => event.type === 'planned_change' && event.action === action).length
    expect(planned('replace')).toBe(summary.replace)
    expect(planned('remove')).toBe(summary.forget)
    expect(planned('read')).toBe(summary.read)
    const moves = read(name, 'plan.ndjson').match(/"previous_resource"/g)?.length ?? 0
    expect(summary.move + Number(name === 'move-refresh-only')).toBe(moves)
  })

  test('needs an apply exactly where Terraform exits with 2, and has failed where it exits with 1', () => {
    const code = exitOf(name, 'plan.exit')
    expect({ needsApply: summary.needsApply, errored: summary.errored }).toEqual({
      needsApply: code === 2,
      errored: code === 1,
    })
    const { applyable: _left, ...opentofu } = planOf(name)
    expect(summarizePlan(readPlan(opentofu), { exitCode: code }).needsApply).toBe(code === 2)
    expect(summarizePlan(readPlan(opentofu)).needsApply).toBe(code === 2)
  })
})

describe('summarizePlan', () => {
  test('needs an apply for outputs alone, a move alone, a forget alone and an import alone, also where Terraform does not say', () => {
    const quiet = [
      { output_changes: { ip: { actions: ['update'] } } },
      { resource_changes: [entry(['no-op'], { previous_address: 'aws_instance.old' })] },
      { resource_changes: [entry(['forget'])] },
      { resource_changes: [entry(['no-op'], {}, { importing: { id: 'i-1' } })] },
      { resource_changes: [entry(['no-op'], {}, { importing: {} })] },
    ]
    const summaries = quiet.map((part) => summarizePlan(readPlan({ ...EMPTY, ...part })))
    expect(summaries.map(({ needsApply }) => needsApply)).toEqual([true, true, true, true, true])
    expect(summaries.map(({ add, change, destroy }) => add + change + destroy)).toEqual([0, 0, 0, 0, 0])
  })

  test('believes `applyable` before anything else, but never applies a plan that failed', () => {
    const change = [entry(['create'])]
    expect(summaryOf(change, { applyable: false }).needsApply).toBe(false)
    expect(summaryOf([], { applyable: true }).needsApply).toBe(true)
    expect(summaryOf(change, { errored: true }).needsApply).toBe(false)
    const failed = summarizePlan(readPlan({ ...EMPTY, resource_changes: change }), { exitCode: 1 })
    expect(failed).toMatchObject({ errored: true, needsApply: false })
    expect(summarizePlan(readPlan({ ...EMPTY, resource_changes: change }), { exitCode: 0 }).needsApply).toBe(false)
  })

  test('counts a left-over copy where it belongs and besides as deposed', () => {
    const summary = summaryOf([entry(['delete'], { deposed: 'ab12' }), entry(['create', 'delete'])])
    expect(summary).toMatchObject({ add: 1, destroy: 2, replace: 1, deposed: 1 })
  })

  test('does not take an address that stays the same for a move', () => {
    expect(summaryOf([entry(['no-op'], { previous_address: 'aws_instance.web' })])).toMatchObject({
      move: 0,
      changes: [],
    })
  })

  test('puts the riskiest first: unknown, destroyed, replaced, dropped, then the rest by address', () => {
    const at = (address: string, ...actions: string[]) => entry(actions, { address })
    const summary = summaryOf([
      at('a.create[10]', 'create'),
      at('a.create[9]', 'create'),
      at('a.update', 'update'),
      at('a.forget', 'forget'),
      at('a.replace', 'create', 'delete'),
      at('a.delete', 'delete'),
      at('a.unknown', 'frobnicate'),
      at('a.noop', 'no-op'),
    ])
    expect(summary.changes.map(({ address }) => address.slice(2))).toEqual([
      ...['unknown', 'delete', 'replace', 'forget', 'update', 'create[9]', 'create[10]'],
    ])
    expect(summary.changes.filter(isRisky)).toHaveLength(4)
    expect(riskLines(summary)[0]).toBe('a.unknown: unknown action [frobnicate], treated as dangerous')
    expect(summary.unknown).toEqual(['frobnicate'])
  })

  test.each(['constructor', '__proto__', 'toString', ''])('treats the action `%s` as unknown', (action) => {
    expect(summaryOf([entry([action])])).toMatchObject({ unknown: [action || '(none)'], deleteOnly: false })
  })

  test('treats a change without actions as unknown', () => {
    expect(summaryOf([entry([])])).toMatchObject({ unknown: ['(none)'], needsApply: true })
  })

  test('is delete-only for deletes and vanishing outputs, and for nothing else', () => {
    const gone = entry(['delete'])
    const only = (changes: object[], more = {}) => summaryOf(changes, more).deleteOnly
    expect(only([gone, entry(['no-op'])], { output_changes: { ip: { actions: ['delete'] } } })).toBe(true)
    expect(only([entry(['delete'], { deposed: 'ab12' })])).toBe(true)
    expect(only([])).toBe(false)
    expect(only([entry(['no-op'])], { output_changes: { ip: { actions: ['delete'] } } })).toBe(false)
    expect(only([gone], { output_changes: { ip: { actions: ['update'] } } })).toBe(false)
    for (const other of [['create'], ['update'], ['forget'], ['delete', 'create'], ['read'], ['delete', 'shred']]) {
      expect(only([gone, entry(other)])).toBe(false)
    }
    expect(only([gone, entry(['no-op'], { previous_address: 'aws_instance.old' })])).toBe(false)
    expect(only([gone], { errored: true })).toBe(false)
    expect(only([gone], { complete: false })).toBe(false)
    expect(only([gone], { action_invocations: [{}] })).toBe(false)
  })

  test('never carries a value of an output', () => {
    const summary = summaryOf([], {
      output_changes: { key: { actions: ['create'], after: 'swordfish', after_sensitive: true } },
    })
    expect(summary.outputChanges).toEqual([{ name: 'key', action: 'create', sensitive: true }])
    expect(JSON.stringify(summary)).not.toContain('swordfish')
  })
})

describe('words', () => {
  test('a headline names replacements with their order, moves, imports and what is dropped', () => {
    const summary = summaryOf([
      entry(['delete', 'create'], { address: 'a.a' }),
      entry(['create', 'delete'], { address: 'a.b' }),
      entry(['create', 'forget'], { address: 'a.c' }),
      entry(['forget'], { address: 'a.d' }),
      entry(['update'], { address: 'a.e', previous_address: 'a.f' }, { importing: { id: 'i-1' } }),
    ])
    expect(headline(summary)).toBe(
      '3 to add, 1 to change, 2 to destroy (3 replaced: 1 destroyed first, 1 created first, 1 the old one keeps running ' +
        'outside Terraform), 1 dropped from state (keeps running), 1 to import, 1 moved.',
    )
  })

  test('a line says what happens, in which order and why', () => {
    const [change] = summaryOf([
      entry(['delete', 'create'], { action_reason: 'replace_because_cannot_update' }, { replace_paths: [['ami']] }),
    ]).changes
    expect(change && describeChange(change)).toBe('aws_instance.web: replaced, destroyed first, because ami changed')
    expect(change && describePlanned(change)).toBe(
      'aws_instance.web: will be replaced, destroyed first, because ami changed',
    )
  })
})
