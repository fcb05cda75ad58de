import { describe, expect, test } from 'vitest'
import type { Fields, Outcome, Stage } from '../../../src/core/workflow.ts'
import { closingReply, executionMessage } from '../../../src/slack/messages.ts'
import { begin, runs, type Story } from '../../core/world.ts'
import { drawn, HOSTILE } from '../reading.ts'
import { complaints } from '../validate.ts'

const step = (id: string, input: Fields = {}, after: string[] = []): Stage => ({
  id,
  kind: id,
  input,
  after,
  onFailure: 'halt',
})
const stages = [
  step('kv.plan'),
  step('judgment', { show: 'kv.plan', within: '1h', approvers: ['approvers'] }, ['kv.plan']),
]

const plan = (more: Fields = {}): Outcome => ({
  kind: 'succeeded',
  output: {
    name: 'app',
    digest: '0123456789abcdef',
    needsApply: true,
    headline: 'Plan of app: 1 to add, 0 to change, 2 to remove in dc1.',
    counts: { add: 1, change: 0, destroy: 2 },
    lines: ['dc1: REMOVES 12 OF THE 14 KEYS below config/app/', '- config/app/old (was "1")', '+ config/app/new "1"'],
    risky: 2,
    more: 40,
    loudly: ['dc1: 12 of 14 keys below config/app/'],
    parts: ['dc1 (hub): 1 to add, 0 to change, 2 to remove, 0 unchanged.'],
    ...more,
  },
})

const shown = (story: Story) => executionMessage({ execution: story.execution, environment: null, progress: [] })
const textOf = (story: Story) => drawn(shown(story))

describe('the message of settings', () => {
  test('has what is risky first, and how much more there is', () => {
    const story = runs(begin({ stages, environment: 'kv:app' }), 'kv.plan', plan())
    const message = shown(story)
    expect(complaints(message)).toEqual([])
    const text = textOf(story)
    expect(text).toMatch(
      /🚨 More than half of a prefix would go: dc1: 12 of 14 keys[\s\S]*⚠️ dc1: REMOVES 12[\s\S]*⚠️ - config\/app\/old[\s\S]*• \+ config\/app\/new/,
    )
    expect(text).toContain("… +40 more in the thread's kv-plan.txt")
    expect(message.text).toContain('Plan of app: 1 to add')
    // Somebody is asked twice before anything goes.
    expect(JSON.stringify(message.blocks)).toContain('Approve this plan?')
  })

  test.each([
    [
      'kv.plan',
      plan({
        headline: HOSTILE,
        lines: [HOSTILE, HOSTILE.repeat(50)],
        note: HOSTILE,
        loudly: [HOSTILE],
        parts: [HOSTILE],
        commit: HOSTILE,
      }),
    ],
    [
      'kv.apply',
      {
        kind: 'failed',
        error: HOSTILE,
        output: {
          headline: HOSTILE,
          parts: [HOSTILE],
          conflicts: Array.from({ length: 60 }, () => HOSTILE.repeat(30)),
        },
      },
    ],
    [
      'kv.drift',
      {
        kind: 'succeeded',
        output: { headline: 'x', lines: Array.from({ length: 60 }, () => HOSTILE.repeat(30)), parts: [HOSTILE] },
      },
    ],
  ] as [string, Outcome][])('of %s never pings, links or breaks whatever stands in Consul', (id, outcome) => {
    const story = runs(begin({ stages: [step(id)], environment: null }), id, outcome)
    for (const message of [
      shown(story),
      closingReply({ execution: story.execution, environment: null, progress: [] }),
    ]) {
      if (!message) throw new Error('There is no message.')
      expect(complaints(message)).toEqual([])
      expect(JSON.stringify(message)).not.toMatch(/<@U03CAROL>|<https:|<!/)
    }
  })

  test('of an old record that has less than today is shown all the same', () => {
    const story = runs(begin({ stages: [step('kv.plan')], environment: null }), 'kv.plan', {
      kind: 'succeeded',
      output: { headline: 'Plan.' },
    })
    expect(textOf(story)).toContain('Plan.')
    expect(complaints(shown(story))).toEqual([])
  })
})
