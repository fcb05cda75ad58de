import { describe, expect, test } from 'vitest'
import type { Judgment } from '../../../src/core/judgment.ts'
import type { Fields } from '../../../src/core/workflow.ts'
import type { ExecutionView } from '../../../src/slack/messages.ts'
import { executionMessage } from '../../../src/slack/messages.ts'
import { DIGEST } from '../outputs.ts'
import { drawn } from '../reading.ts'
import { bob, view, waiting } from '../scenes.ts'
import { complaints } from '../validate.ts'

/** The view of a judgment that waits with this besides. */
function asking(input: Fields, judgments: readonly Partial<Judgment>[] = []): ExecutionView {
  const shown = view(waiting())
  const { execution } = shown
  const stages = execution.stages.map((stage) =>
    stage.kind === 'judgment' ? { ...stage, input: { ...stage.input, ...input } } : stage,
  )
  const given = judgments.map(
    (each): Judgment => ({
      ...{ stage: 'judgment', decision: 'approved', by: bob, at: execution.createdAt, digest: DIGEST },
      ...each,
    }),
  )
  return { ...shown, execution: { ...execution, stages, judgments: given } }
}

const many = Array.from({ length: 100 }, (_, at) => ({ value: `choice ${at}`, label: 'x'.repeat(70) }))
const groups = [
  { role: 'sre', count: 1 },
  { role: 'data', count: 1 },
]

describe('a judgment that waits', () => {
  test('says in a line each what to look at, who approved and what is missing', () => {
    const text = drawn(
      executionMessage(asking({ count: 2, groups, instructions: 'Look first.' }, [{ roles: ['sre'] }])),
    )
    expect(text).toContain('📋 Look first.')
    expect(text).toContain('👥 1 of 2 approvals, by @U02BOB; missing: one of data')
    expect(text).toContain('👤 Approved by @U02BOB')
  })

  test('says nothing of counting where one person is enough', () => {
    expect(drawn(executionMessage(asking({})))).not.toContain('👥')
  })

  test.each<[string, Fields]>([
    ['five choices', { choices: many.slice(0, 5) }],
    ['a hundred choices', { choices: many, delegate: true }],
    [
      'what is written to ping everybody',
      { instructions: '<!channel> `x` *y*', choices: [{ value: 'a', label: 'a' }] },
    ],
  ])('with %s is a message that Slack takes', (_what, input) => {
    const message = executionMessage(asking(input))
    expect(complaints(message)).toEqual([])
    expect(JSON.stringify(message.blocks)).not.toContain('<!channel>')
  })

  test('a choice that destroys is asked once more, and one of a list always', () => {
    const message = executionMessage(asking({ choices: many.slice(0, 6) }))
    const list = message.blocks
      .flatMap((block) => (block.type === 'actions' ? block.elements : []))
      .find(({ type }) => type === 'static_select')
    expect(list).toMatchObject({ confirm: { title: { text: 'Approve?' } } })
  })
})
