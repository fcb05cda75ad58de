import { describe, expect, test } from 'vitest'
import type { ExecutionView } from '../../../src/slack/messages.ts'
import { executionMessage } from '../../../src/slack/messages.ts'
import { applyOutput, counts, DIGEST, half, planOutput } from '../outputs.ts'
import { drawn } from '../reading.ts'
import {
  applied,
  applying,
  checking,
  ends,
  planning,
  queued,
  scenes,
  starts,
  succeeded,
  view,
  waiting,
} from '../scenes.ts'
import { complaints } from '../validate.ts'

describe('what is shown', () => {
  test('who waits in the queue sees his place and who holds the lock, since when, with what and where', () => {
    const text = drawn(executionMessage(scenes().queued as ExecutionView))
    expect(text).toContain('Place 1 of 1 in the queue for loadtest.')
    expect(text).toContain('Held by loadtest up large of @U03CAROL since 17:40 UTC')
    expect(text).toContain('first1 (https://example.slack.com/archives/C01OPS/pfirst1)')
    expect(drawn(executionMessage(view(queued())))).toContain('(first1)')
  })

  test('who may approve, until when, and that the asker cannot', () => {
    const text = drawn(executionMessage(view(waiting())))
    expect(text).toContain('approvers may approve until 18:40 UTC')
    expect(text).toContain('@U01ALICE asked for it and cannot approve it.')
    expect(text).toContain('--for 4h')
  })

  test('what people had chosen before a destroy, and what it is now', () => {
    const dropped = [{ name: 'app_count', from: 3, to: 2 }]
    expect(drawn(executionMessage(view(waiting({ dropped }))))).toContain(
      'Chosen before it was taken down, and not kept: app_count 3, now 2',
    )
  })

  test('risky changes come first and marked; what is left out is counted', () => {
    const risky = Array.from({ length: 25 }, (_, at) => `x.risky[${at}]: destroyed`)
    const rest = Array.from({ length: 15 }, (_, at) => `x.new[${at}]: created`)
    const text = drawn(executionMessage(view(waiting({ lines: [...risky, ...rest], risky: 25, more: 460 }))))
    expect(text).toContain('⚠️ x.risky[0]: destroyed')
    expect(text).not.toContain('x.new[0]')
    expect(text).toContain("… +480 more in the thread's plan.txt")
  })

  test('the variables, the drift and the short digest of the plan', () => {
    const text = drawn(executionMessage(view(waiting({ drift: ['x.a (update)'] }))))
    expect(text).toContain('app_count = 2')
    expect(text).toContain('Changed outside Terraform: x.a (update)')
    expect(text).toContain(`plan ${DIGEST.slice(0, 12)} ·`)
    expect(text).not.toContain(DIGEST)
  })

  test('the progress of the stage that runs, but not what an earlier start said', () => {
    const story = applying()
    const progress = { stage: 'terraform.apply', text: '7 of 12 created, 40 s', at: story.now + 1 }
    expect(drawn(executionMessage(view(story, { progress: [progress] })))).toContain(
      'since 17:40 UTC: 7 of 12 created, 40 s',
    )
    const old = { ...progress, at: story.now - 60_000 }
    expect(drawn(executionMessage(view(story, { progress: [old] })))).not.toContain('7 of 12')
  })

  test('a failed apply is three lists with counts and the next safe step', () => {
    const text = drawn(executionMessage(scenes().failed as ExecutionView))
    expect(text).toContain('Done: 1')
    expect(text).toContain('Failed or tainted: 1')
    expect(text).toContain('Never started: 2')
    expect(text).not.toContain('Nobody knows')
    expect(text).toContain('Next: Plan again')
  })

  test('an apply whose end nobody saw has a fourth list', () => {
    const output = { ...half, unsure: ['x.y: created'] }
    const shown = view(applied({ kind: 'unknown', why: 'Terraform ended without a trace.', output }))
    const text = drawn(executionMessage(shown))
    expect(text).toContain('Nobody knows: 1')
    expect(text).toContain('The lock on loadtest is kept')
  })

  test('the lists count also what the stage left out', () => {
    const done = Array.from({ length: 100 }, (_, at) => `x.y[${at}]: created`)
    const output = { ...half, done, more: { done: 400, failed: 0, notStarted: 0, unsure: 0 } }
    const text = drawn(executionMessage(view(applied({ kind: 'failed', error: 'no', output }))))
    expect(text).toContain('Done: 500')
    expect(text).toContain('… +490 more')
  })

  test('instances that do not pass are named with what their check says', () => {
    const service = { service: 'loadtest-app', wanted: 2, passing: 1, registered: 3 }
    const sick = [{ id: 'app-1', status: 'critical', output: 'connection refused' }]
    const output = { services: [{ ...service, sick, instances: [] }] }
    const shown = view(ends(checking(), 'health', { kind: 'failed', error: 'Not all passed.', output }))
    const text = drawn(executionMessage(shown))
    expect(text).toContain('loadtest-app: 1/2 passing, 3 registered')
    expect(text).toContain('app-1 critical: connection refused')
  })

  test('a plan that was made anew says why, and the fallen approval no longer counts', () => {
    const again = { kind: 'failed', error: 'The saved plan is stale: `x`.', again: 'terraform.plan' } as const
    const shown = view(ends(applying(), 'terraform.apply', again))
    const text = drawn(executionMessage(shown))
    expect(text).toContain('Planned again: The saved plan is stale')
    expect(text).toContain('Approved by @U02BOB at 17:40 UTC (no longer counts:')
    expect(drawn(executionMessage(view(starts({ world: shown, now: 0 }, 'terraform.plan', 2))))).toContain(
      '(attempt 2)',
    )
  })

  test('judgments, the lifetime and a destroyed state', () => {
    const text = drawn(executionMessage(view(succeeded())))
    expect(text).toContain('Approved by @U02BOB at 17:40 UTC')
    expect(text).toContain('Up until 2026-11-20 21:40 UTC (--for 4h)')
    const gone = applyOutput({ destroy: true, empty: true })
    expect(drawn(executionMessage(view(applied({ kind: 'succeeded', output: gone }))))).toContain('the state is empty')
  })

  test('nothing to do is said as such', () => {
    const headline = 'Nothing to do.'
    const story = ends(planning(), 'terraform.plan', {
      kind: 'succeeded',
      output: planOutput({ needsApply: false, headline, lines: [], more: 0, counts: counts({}) }),
    })
    expect(drawn(executionMessage(view(story)))).toContain('terraform.apply skipped: nothing to do')
  })

  test('old records without the fields of today still make a message', () => {
    const story = ends(planning(), 'terraform.plan', {
      kind: 'succeeded',
      output: { headline: 'old', needsApply: true },
    })
    const message = executionMessage(view(story))
    expect(drawn(message)).toContain('old')
    expect(complaints(message)).toEqual([])
    expect(complaints(executionMessage({ ...view(story), environment: null }))).toEqual([])
  })
})
