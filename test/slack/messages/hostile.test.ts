import { describe, expect, test } from 'vitest'
import type { Fields } from '../../../src/core/workflow.ts'
import type { ExecutionView } from '../../../src/slack/messages.ts'
import { closingReply, executionMessage } from '../../../src/slack/messages.ts'
import { applyOutput, planOutput } from '../outputs.ts'
import { actionsOf, drawn, HOSTILE } from '../reading.ts'
import { alice, applied, applying, ends, judged, next, planning, queued, starts, up, view, waiting } from '../scenes.ts'
import { complaints } from '../validate.ts'

describe('what others wrote', () => {
  const hostilePlan = planOutput({
    headline: HOSTILE,
    lines: Array.from({ length: 40 }, () => HOSTILE.repeat(20)),
    risky: 40,
    drift: [HOSTILE],
    variables: { [HOSTILE]: HOSTILE },
    commit: HOSTILE,
    workspace: HOSTILE,
    terraform: HOSTILE,
    digest: HOSTILE,
  })
  const lines = Array.from({ length: 100 }, () => HOSTILE.repeat(30))
  const hostileApply = applyOutput({
    headline: HOSTILE,
    done: lines,
    failed: lines.map((address) => ({ address, error: HOSTILE.repeat(300), tainted: true })),
    notStarted: lines,
    unsure: lines,
  })
  const wanted = { ...up, line: `loadtest up ${HOSTILE}` }

  function hostile(outcome: 'failed' | 'unknown'): ExecutionView {
    const planned = ends(planning(wanted), 'terraform.plan', { kind: 'succeeded', output: hostilePlan })
    const runs = starts(judged(planned, 'approved', HOSTILE), 'terraform.apply')
    const output: Fields = hostileApply
    const said = HOSTILE.repeat(3000)
    const end =
      outcome === 'failed' ? ({ kind: 'failed', error: said } as const) : ({ kind: 'unknown', why: said } as const)
    const story = ends(runs, 'terraform.apply', { ...end, output })
    const notes = Array.from({ length: 30 }, (_, at) => ({ at, text: `@U02BOB said ${HOSTILE}` }))
    return view({ ...story, world: { ...story.world, execution: { ...story.world.execution, notes } } })
  }

  test.each(['failed', 'unknown'] as const)(
    'never pings, links, mentions or breaks the message of a %s one',
    (outcome) => {
      const shown = hostile(outcome)
      for (const message of [executionMessage(shown), closingReply(shown)]) {
        if (!message) throw new Error('There is no message.')
        expect(complaints(message)).toEqual([])
        expect(JSON.stringify(message)).not.toContain('<@U03CAROL>')
        expect(JSON.stringify(message)).not.toContain('<https:')
      }
    },
  )

  test('a reason, a cancel and progress are only text', () => {
    const asked = next(applying(), { type: 'cancel', by: alice, why: HOSTILE, force: false })
    const progress = { stage: 'terraform.apply', text: HOSTILE, at: asked.now }
    for (const shown of [view(judged(waiting(), 'rejected', HOSTILE)), view(asked, { progress: [progress] })]) {
      expect(complaints(executionMessage(shown))).toEqual([])
      expect(JSON.stringify(executionMessage(shown))).not.toContain('<@U03CAROL>')
    }
  })

  test('a link that is none is not made one', () => {
    const runsLink = () => 'javascript:alert(1)|<!channel>'
    const message = executionMessage(view(queued(), { runsLink }))
    expect(complaints(message)).toEqual([])
    expect(drawn(message)).not.toContain('javascript')
  })

  test('five hundred changes and a hundred kilobytes of error stay one message with its buttons', () => {
    const many = Array.from({ length: 500 }, (_, at) => `module.a["${'x'.repeat(300)}"].b[${at}]: destroyed`)
    const plan = view(waiting({ lines: many, risky: 500, headline: 'x'.repeat(100_000) }))
    expect(complaints(executionMessage(plan))).toEqual([])
    expect(actionsOf(executionMessage(plan))).toEqual([
      'judgment.approve',
      'judgment.reject',
      'judgment.withdraw',
      'execution.cancel',
    ])
    const failed = view(applied({ kind: 'failed', error: 'y'.repeat(100_000), output: hostileApply }))
    expect(complaints(executionMessage(failed))).toEqual([])
    expect(actionsOf(executionMessage(failed))).toEqual(['execution.extend'])
  })
})
