import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { planStages } from '../../src/core/planning.ts'
import type { StageDraft, StageKind, StageKinds } from '../../src/core/workflow.ts'
import { UserError } from '../../src/errors.ts'
import { judgment, stageKinds, terraform } from '../../src/stages/index.ts'
import { environment, site } from './sample-site.ts'

const note: StageKind = {
  kind: 'note',
  input: z.strictObject({ text: z.string(), plan: z.string().optional() }),
  repeatable: true,
  plan: (input, context) => ({ ...(input as object), where: context.environment?.name ?? null }),
}
const kinds: StageKinds = new Map([['note', note]])
const plan = (...drafts: StageDraft[]) => planStages(drafts, kinds, { site, environment })
const draft = (more: Partial<StageDraft> = {}): StageDraft => ({ kind: 'note', input: { text: 'a' }, ...more })

test('ids are filled in by kind and order, inputs by what the kind makes of them', () => {
  expect(plan(draft(), draft({ id: 'second' }))).toEqual([
    { id: 'note', kind: 'note', input: { text: 'a', where: 'loadtest' }, after: [], onFailure: 'halt' },
    { id: 'second', kind: 'note', input: { text: 'a', where: 'loadtest' }, after: ['note'], onFailure: 'halt' },
  ])
})

test('an order that is written is kept, also that there is none', () => {
  const stages = plan(draft(), draft({ id: 'b', after: [] }), draft({ id: 'c', after: ['note', 'b'] }))
  expect(stages.map(({ after }) => after)).toEqual([[], [], ['note', 'b']])
})

test('planning twice gives the same stages, and they are plain JSON', () => {
  const once = plan(draft(), draft({ id: 'b' }))
  expect(plan(draft(), draft({ id: 'b' }))).toEqual(once)
  expect(JSON.parse(JSON.stringify(once))).toEqual(once)
})

describe('a wrong command file', () => {
  test.each<[string, StageDraft[], RegExp]>([
    ['no stages', [], /no stages/],
    ['a kind that does not exist', [draft({ kind: 'notes' })], /kind notes, which does not exist; there are note/],
    ['the same id twice', [draft(), draft()], /Two stages have the id note/],
    ['an id with a colon', [draft({ id: 'a:b' })], /lower-case letters/],
    ['an id with a slash', [draft({ id: 'a/b' })], /lower-case letters/],
    ['an id in capitals', [draft({ id: 'Plan' })], /lower-case letters/],
    ['an empty id', [draft({ id: '' })], /lower-case letters/],
    [
      'an order after a later stage',
      [draft({ after: ['b'] }), draft({ id: 'b' })],
      /`after` to b, which is not an earlier/,
    ],
    ['an order after itself', [draft({ id: 'b', after: ['b'] })], /not an earlier stage/],
    ['an option that there is not', [draft({ onFail: 'continue' } as never)], /has `onFail`, which stages of the kind/],
    ['what is no stage', [undefined as never], /Entry 1 of `stages` is undefined/],
    ['a group that is not spread', [[draft()] as never], /which is no stage. A group is spread/],
    ['an order that is no list', [draft(), draft({ id: 'b', after: 'note' as never })], /write a list: `after/],
    ['what recovers from nothing', [draft(), draft({ id: 'b', recovers: [] })], /would never run/],
    ['an id that no folder could have', [draft({ id: 'a'.repeat(101) })], /at most 100/],
    [
      'what is used beside the stage that makes it',
      [draft(), draft({ id: 'b', after: [], input: { text: 'a', plan: 'note' } })],
      /`plan` to note, which may still run when it begins/,
    ],
    ['a reference to no stage', [draft({ input: { text: 'a', plan: 'x' } })], /`plan` to x, .*earlier: none/],
  ])('%s is told to who wrote it', (_what, drafts, said) => {
    const fault = () => plan(...drafts)
    expect(fault).toThrow(said)
    expect(fault).not.toThrow(UserError)
  })
})

test('an input that the kind does not take is told to who asked', () => {
  expect(() => plan(draft({ input: { text: 1 } }))).toThrow(UserError)
  expect(() => plan(draft({ input: { text: 'a', more: 1 } }))).toThrow(/`note` cannot be planned.*more/s)
})

describe('the real kinds', () => {
  const real = (...drafts: StageDraft[]) => planStages(drafts, stageKinds, { site, environment })

  test('who may judge, and until when, is fixed when it is planned', () => {
    const stages = real(terraform.plan({ size: 'small' }), judgment({ show: 'terraform.plan' }))
    expect(stages[1]?.input).toEqual({ show: 'terraform.plan', within: '1h', approvers: ['approvers'] })
  })

  test('a misspelt option of a judgment never asks fewer people than was meant', () => {
    const wrong = judgment({ show: 'terraform.plan', aprovers: { count: 2 } } as never)
    expect(() => real(terraform.plan({ size: 'small' }), wrong)).toThrow(/Stage judgment has `aprovers`/)
  })

  test('a time limit without a grace has the usual one', () => {
    const [plan] = real(terraform.plan({ size: 'small', timeLimit: { after: '3m' } }))
    expect(plan?.timeLimit).toEqual({ after: '3m', grace: '1m', force: true })
    expect(() => real(terraform.plan({ size: 'small', timeLimit: 3 as never }))).toThrow(/has the `timeLimit` 3; write/)
  })

  test('a judgment that shows no plan is refused', () => {
    expect(() => real(judgment({ show: 'terraform.plan' }))).toThrow(/`show` to terraform.plan/)
  })

  test.each(['soon', '0s', ''])('a judgment within %j is refused before anything runs', (within) => {
    expect(() => real(terraform.plan({ size: 'small' }), judgment({ show: 'terraform.plan', within }))).toThrow(
      /is not a duration/,
    )
  })

  test('a size that the site does not have is refused', () => {
    expect(() => real(terraform.plan({ size: 'huge' }))).toThrow(/no size `huge`; it has small, large/)
  })

  test('without an environment nothing of this can be planned', () => {
    const bare = () => planStages([terraform.plan()], stageKinds, { site, environment: null })
    expect(bare).toThrow(/need an environment/)
  })
})
