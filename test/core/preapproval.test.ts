import { describe, expect, test } from 'vitest'
import { preapproval } from '../../src/core/preapproval.ts'
import type { Fields } from '../../src/core/workflow.ts'

const input: Fields = {
  show: 'terraform.plan',
  preapproved: { execution: 'r1', environment: 'loadtest', lineage: 'L1', approvers: ['T01TEAM/U02BOB'] },
}
const plan: Fields = { lineage: 'L1', deleteOnly: true, needsApply: true }
const withGiven = (change: Fields): Fields => ({
  ...input,
  preapproved: { ...(input.preapproved as Fields), ...change },
})

test('a plan that only deletes what was approved with its time limit is approved in advance, and says by what', () => {
  expect(preapproval(input, plan)).toEqual({
    by: { kind: 'lifetime', environment: 'loadtest' },
    reason: expect.stringContaining('r1'),
  })
})

describe('it asks', () => {
  test.each<[string, Fields, Fields | null]>([
    ['when the plan does more than delete', input, { ...plan, deleteOnly: false }],
    ['when nobody knows whether it only deletes', input, { lineage: 'L1' }],
    ['when "true" is only a word', input, { ...plan, deleteOnly: 'true' }],
    ['when the state is another one', input, { ...plan, lineage: 'L2' }],
    ['when the plan does not say which state', input, { ...plan, lineage: null }],
    ['when nobody saw the state that was approved', withGiven({ lineage: null }), { ...plan, lineage: null }],
    ['when the lineage is empty on both sides', withGiven({ lineage: '' }), { ...plan, lineage: '' }],
    ['when nobody had approved', withGiven({ approvers: [] }), plan],
    ['when there is no plan', input, null],
    ['when nothing was approved in advance', { show: 'terraform.plan' }, plan],
    ['when what was approved in advance is not complete', withGiven({ execution: undefined }), plan],
    ['when it holds more than is known', withGiven({ force: true }), plan],
  ])('%s', (_when, given, shown) => {
    expect(preapproval(given, shown)).toBeNull()
  })
})
