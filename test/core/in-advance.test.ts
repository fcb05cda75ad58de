import { describe, expect, test } from 'vitest'
import type { Execution, StageState } from '../../src/core/execution.ts'
import { newExecution } from '../../src/core/execution.ts'
import type { Judgment } from '../../src/core/judgment.ts'
import { givenInAdvance } from '../../src/core/preapproval.ts'
import type { Fields, Outcome } from '../../src/core/workflow.ts'
import { alice, applyStage, carol, judgmentStage, PLAN, START, stage, wanted } from './world.ts'

const CHOOSE = 'release.choose'
const input: Fields = { show: 'remove.plan', inAdvance: { judgment: 'judgment', owned: { ref: `${CHOOSE}.ownsOld` } } }
const plan: Fields = { lineage: 'L1', deletes: ['web["1.0/0"]', 'web["1.0/1"]'], needsApply: true }

type Change = {
  choose?: Fields
  shown?: Fields
  apply?: Fields
  by?: typeof carol
  hanging?: Partial<Judgment>
  asked?: StageState
  decision?: 'rejected'
  fell?: string
}

function execution({
  choose = {},
  shown = {},
  apply = {},
  by = carol,
  decision,
  fell,
  hanging,
  asked = 'succeeded',
}: Change = {}): Execution {
  const fresh = newExecution(
    wanted({ stages: [stage(CHOOSE, CHOOSE), stage(PLAN, PLAN), judgmentStage(), applyStage] }),
    START,
  )
  const outputs: Record<string, Fields> = {
    [CHOOSE]: { ownsOld: ['web["1.0/*"]'], ...choose },
    [PLAN]: { lineage: 'L1', digest: 'd1', ...shown },
    [applyStage.id]: { lineage: 'L1', ...apply },
  }
  const stages = fresh.stages.map((each) => {
    const output = outputs[each.id]
    const outcome: Outcome | null = output ? { kind: 'succeeded', output } : null
    if (each.id === 'judgment') return { ...each, state: asked }
    return outcome ? { ...each, state: 'succeeded' as const, outcome } : each
  })
  const judgment = { stage: 'judgment', decision: decision ?? ('approved' as const), by, at: START, digest: 'd1' }
  return { ...fresh, stages, judgments: [{ ...judgment, ...hanging, ...(fell ? { fell } : {}) }] }
}

test('a plan that only removes the old group is covered by the approval that was given', () => {
  expect(givenInAdvance(execution(), input, plan)).toEqual({ by: carol, reason: expect.stringContaining('in advance') })
})

test('so is one that changes nothing but outputs, and one of a state that did not exist when it was approved', () => {
  expect(givenInAdvance(execution({ choose: { ownsOld: [] } }), input, { ...plan, deletes: [] })).not.toBeNull()
  expect(givenInAdvance(execution({ shown: { lineage: null } }), input, plan)).not.toBeNull()
})

test('it stays known by whose right it was given: handed over, or raised by break glass', () => {
  const by = (hanging: Partial<Judgment>) => givenInAdvance(execution({ hanging }), input, plan)
  expect(by({ from: alice })).toMatchObject({ by: carol, from: alice })
  expect(by({ glass: ['g1'] })).toMatchObject({ by: carol, glass: ['g1'] })
})

describe('people are asked', () => {
  test.each<[string, Execution, Fields | null]>([
    ['where anything else would go', execution(), { ...plan, deletes: ['web["1.0/0"]', 'db'] }],
    ['where the version that stays would go', execution(), { ...plan, deletes: ['web["2.0/0"]'] }],
    ['where the plan does more than delete', execution(), { ...plan, deletes: null }],
    ['where nobody knows what it deletes', execution(), { lineage: 'L1' }],
    ['where the site does not say what belongs to a version', execution({ choose: { ownsOld: [] } }), plan],
    ['where nothing was chosen', execution({ choose: { ownsOld: undefined as never } }), plan],
    ['where the state is another one', execution(), { ...plan, lineage: 'L2' }],
    ['where the state is not known', execution(), { ...plan, lineage: null }],
    ['where nobody saw the state', execution({ shown: { lineage: null }, apply: { lineage: null } }), plan],
    ['where the apply was of another state', execution({ apply: { lineage: 'L2' } }), plan],
    ['where it was rejected', execution({ decision: 'rejected' }), plan],
    ['where others still have to approve', execution({ asked: 'waiting' }), plan],
    ['where the others never did', execution({ asked: 'failed' }), plan],
    ['where the approval no longer counts', execution({ fell: 'planned again' }), plan],
    ['where who approved is an asker by now', execution({ by: alice }), plan],
    ['where there is no plan', execution(), null],
  ])('%s', (_, run, shown) => {
    expect(givenInAdvance(run, input, shown)).toBeNull()
  })

  test('where nothing was given, or by a judgment that does not say so', () => {
    expect(givenInAdvance({ ...execution(), judgments: [] }, input, plan)).toBeNull()
    expect(givenInAdvance(execution(), { show: 'remove.plan' }, plan)).toBeNull()
  })
})
