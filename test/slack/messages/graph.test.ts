import { describe, expect, test } from 'vitest'
import type { Event } from '../../../src/core/event.ts'
import type { OnFailure } from '../../../src/core/stage/shape.ts'
import type { Stage } from '../../../src/core/workflow.ts'
import { closingReply, executionMessage } from '../../../src/slack/messages.ts'
import type { Story } from '../scenes.ts'
import { begin, ends, next, starts, up, view } from '../scenes.ts'

const step = (id: string, after: string[], more: Partial<Stage> = {}): Stage => ({
  ...{ id, kind: 'script', input: {}, after, onFailure: 'halt' },
  ...more,
})
const graph = (onFailure: OnFailure) => [step('a', [], { onFailure }), step('a2', ['a']), step('b', [])]
const failed = { kind: 'failed', error: 'exit 4' } as const
const succeeded = { kind: 'succeeded', output: {} } as const
const afterA = (onFailure: OnFailure): Story =>
  ends(starts(starts(begin({ ...up, stages: graph(onFailure) }), 'a'), 'b'), 'a', failed)
const textOf = (story: Story, change: Parameters<typeof view>[1] = {}) =>
  JSON.stringify(executionMessage(view(story, change)).blocks)
const closingOf = (story: Story) => JSON.stringify(closingReply(view(story))?.blocks)

describe('a branch that failed', () => {
  test('halt: what runs beside it is said to be stopped, and why', () => {
    const story = afterA('halt')
    expect(textOf(story)).toMatch(/🛑 \*stopping\*/)
    expect(textOf(story)).toMatch(/`b` running since 17:40 UTC. 🛑 being stopped since 17:40 UTC: `a` failed/)
    expect(textOf(story)).toMatch(/`b` is stopped because of that, and gets time to save its state/)
    const over = ends(story, 'b', { kind: 'canceled', why: 'interrupted' })
    expect(textOf(over)).toMatch(/❌ \*failed\*/)
    expect(textOf(over)).toMatch(/🚫 `b` canceled: `a` failed: interrupted/)
  })

  test('halt-branch: it ended well, and which branch did not is said', () => {
    const over = ends(afterA('halt-branch'), 'b', succeeded)
    expect(textOf(over)).toMatch(/✅ \*succeeded\*/)
    expect(textOf(over)).toMatch(/`a` failed, and what comes after it was left out; the other branches went on:/)
    expect(textOf(over)).toMatch(/❌ `a` failed after 1\d s; only its branch ends/)
    expect(textOf(over)).toMatch(/⏭️ `a2` skipped: `a` failed/)
    expect(closingOf(over)).toMatch(/succeeded.*`a` failed, and what comes after it was left out/)
  })

  test('finish-then-fail: it failed, after the other was finished', () => {
    expect(textOf(afterA('finish-then-fail'))).toMatch(/`a` failed after 1\d s; the rest is finished, then it fails/)
    expect(closingOf(ends(afterA('finish-then-fail'), 'b', succeeded))).toMatch(
      /failed.*the other branches were finished/,
    )
  })

  test('continue: it was gone on from', () => {
    expect(textOf(afterA('continue'))).toMatch(/`a` failed after 1\d s; gone on from/)
  })
})

test('what runs beside an unknown can be canceled, and after that nothing can', () => {
  const unknown = { kind: 'unknown', why: 'nobody saw' } as const
  const story = ends(starts(starts(begin({ ...up, stages: graph('halt') }), 'a'), 'b'), 'a', unknown)
  expect(textOf(story)).toMatch(/execution\.cancel/)
  expect(textOf(ends(story, 'b', succeeded))).not.toMatch(/execution\.cancel/)
})

test('two that wait at once are told apart, also once they were judged', () => {
  const judge = (id: string, show: string) =>
    step(id, [show], { kind: 'judgment', input: { show, within: '1h', approvers: ['approvers'] } })
  const stages = [step('one', []), step('two', []), judge('ok-one', 'one'), judge('ok-two', 'two')]
  const plan = { kind: 'succeeded', output: { digest: 'd' } } as const
  const first = ends(starts(begin({ ...up, stages }), 'one'), 'one', plan)
  expect(textOf(first)).not.toMatch(/about `one`/)
  const both = ends(starts(first, 'two'), 'two', plan)
  expect(textOf(both)).toMatch(/\*`ok-one`\*, about `one`\\n✋ .*\*`ok-two`\*, about `two`\\n✋ /)
  const by = { kind: 'slack', team: 'T01TEAM', user: 'U02BOB' } as const
  const approves = (story: Story, stage: string) =>
    next(story, { type: 'judged', judgment: { stage, decision: 'approved', by, at: story.now, digest: 'd' } }, 1)
  expect(textOf(approves(both, 'ok-one'))).toMatch(/👤 Approved by/)
  const done = approves(approves(both, 'ok-one'), 'ok-two')
  expect(textOf(done)).toMatch(/👤 `ok-one`: Approved by <@U02BOB>.*👤 `ok-two`: Approved by/)
})

describe('a retry', () => {
  const stages = [step('a', [], { retry: { times: 2, wait: '5m', most: '10m' } })]
  const once = ends(starts(begin({ ...up, stages }), 'a'), 'a', { kind: 'failed', error: 'connection refused\nmore' })

  test('says which try comes when, and why the last one failed', () => {
    expect(textOf(once)).toMatch(/⏳ `a` try 2 of 3 at 17:45 UTC, after `connection refused` \(attempt 2\)/)
  })

  test('is a try like any other once its time has come', () => {
    expect(textOf(starts(once, 'a', 2))).toMatch(/▶️ `a` running since 17:40 UTC \(attempt 2\)/)
  })
})

describe('a stage that takes long', () => {
  const limited = [step('a', [], { timeLimit: { after: '30m', grace: '1m', force: true } })]
  const due: Event = { type: 'limit.due', stage: 'a', attempt: 1 }
  const running = starts(begin({ ...up, stages: limited }), 'a')

  test('says why it is stopped, and that it is killed', () => {
    const late = next(running, due, 1800)
    expect(textOf(late)).toMatch(/being stopped since 18:10 UTC: took longer than 30m/)
    const forced = next(late, due, 60)
    expect(textOf(forced)).toMatch(/being killed since 18:10 UTC: took longer than 30m/)
    expect(closingOf(ends(late, 'a', { kind: 'canceled', why: 'interrupted' }))).toMatch(
      /`It took longer than 30m. interrupted`/,
    )
  })

  test('says when its last sign of life was, and in what, once that is long ago', () => {
    const progress = [{ stage: 'a', text: 'aws_db_instance.x', at: running.now + 60_000 }]
    const at = (minutes: number) =>
      textOf(running, { progress, now: running.now + minutes * 60_000, quietAfter: 300_000 })
    expect(at(5)).toMatch(/running since 17:40 UTC: aws_db_instance.x"/)
    expect(at(13)).toMatch(/⚠️ last sign of life 12 min ago, in aws_db_instance.x/)
    const word = { stage: 'a', text: '1 of 2 created, 40 s', where: 'aws_instance.web', at: running.now + 60_000 }
    expect(textOf(running, { progress: [word], now: running.now + 780_000, quietAfter: 300_000 })).toMatch(
      /⚠️ last sign of life 12 min ago, in aws_instance\.web \(1 of 2 created, 40 s\)/,
    )
    const silent = textOf(running, { now: running.now + 720_000, quietAfter: 300_000 })
    expect(silent).toMatch(/⚠️ no sign of life since it began 12 min ago/)
  })
})
