import { describe, expect, test } from 'vitest'
import type { Message } from '../../../src/slack/limits.ts'
import type { ExecutionView } from '../../../src/slack/messages.ts'
import {
  answerMessage,
  closingReply,
  errorMessage,
  refusalMessage,
  warningMessage,
} from '../../../src/slack/messages.ts'
import { actionsOf, buttons, drawn } from '../reading.ts'
import { bob, ends, planning, scenes, succeeded, view } from '../scenes.ts'
import { complaints } from '../validate.ts'

describe('the closing reply', () => {
  test('there is none while it goes on', () => {
    for (const word of ['queued', 'planning', 'waiting for approval', 'applying', 'canceling']) {
      expect(closingReply(scenes()[word] as ExecutionView)).toBeNull()
    }
  })

  test('mentions everybody in Slack who asked, nobody else', () => {
    const story = succeeded()
    const { execution } = story.world
    const askers = [...execution.askers, 'T01TEAM/U03CAROL', 'shell:ann', 'lifetime:loadtest']
    const reply = closingReply(view({ ...story, world: { ...story.world, execution: { ...execution, askers } } }))
    expect(reply?.text.match(/<@\w+>/g)).toEqual(['<@U01ALICE>', '<@U03CAROL>'])
    expect(reply?.text).toContain('in 1 m 19 s')
  })

  test('says how it ended and what comes next', () => {
    const said = (word: string) => drawn(closingReply(scenes()[word] as ExecutionView) as Message)
    expect(said('succeeded')).toContain('6 done.')
    expect(said('succeeded')).toContain('Up until 2026-11-20 21:40 UTC')
    expect(said('failed')).toContain('Next: Plan again')
    expect(said('rejected')).toContain('Rejected by @U02BOB at 17:40 UTC: not before the release')
    expect(said('rejected')).toContain('Nothing was changed.')
    expect(said('expired')).toContain('That is not a rejection')
    expect(said('unknown')).toContain('runs show r7k2m9')
    expect(said('canceled (superseded)')).toContain("loadtest's time is over")
  })

  test('points to a log only where there is one', () => {
    const failed = (output: object) =>
      drawn(
        closingReply(view(ends(planning(), 'terraform.plan', { kind: 'failed', error: 'No.', ...output }))) as Message,
      )
    expect(failed({})).toMatch(/Next: mend the cause, then ask anew/)
    expect(failed({ output: { files: ['plan-log.txt'] } })).toMatch(/Next: see the log in this thread, mend the cause/)
  })
})

describe('the warning before the end of a lifetime', () => {
  const { environment } = view(succeeded())
  const lifetime = environment?.lifetime
  if (!environment || !lifetime) throw new Error('This scene has no lifetime.')
  const warning = (change: object) => warningMessage({ environment: { ...environment, ...change }, id: 'r7k2m9' })

  test('says when, asked by whom, and offers to extend', () => {
    const message = warning({})
    expect(message.text).toBe('⏰ *loadtest* will be taken down at 2026-11-20 21:40 UTC, asked by <@U01ALICE>')
    expect(actionsOf(message)).toEqual(['execution.extend'])
    expect(complaints(message)).toEqual([])
  })

  test.each([
    [
      'extended',
      { lifetime: { ...lifetime, id: 'r7k2m9-x1', endsAt: lifetime.endsAt + 3_600_000, extendedBy: [bob] } },
    ],
    ['being taken down', { lifetime: { ...lifetime, ending: 'end-r7k2m9' } }],
    ['new time limit', { lifetime: { ...lifetime, id: 'z9', execution: 'z9' } }],
    [
      'is down since',
      { lifetime: null, last: { execution: 'd1', line: 'loadtest down', at: lifetime.endsAt, up: false } },
    ],
    ['no time limit', { lifetime: null }],
  ])('afterwards it says what became of it, without a button: %s', (words, change) => {
    const message = warning(change)
    expect(message.text).toContain(words)
    expect(buttons(message)).toEqual([])
    expect(complaints(message)).toEqual([])
  })
})

describe('answers to one person', () => {
  test('an answer keeps its code and bold, mentions people, and takes as many sections as it needs', () => {
    const line = '• `runs show x @U01ALICE` by @U01ALICE: *done* <b>'
    const text = Array.from({ length: 200 }, () => line).join('\n')
    const message = answerMessage({ text }, 'All of it is in `a.txt`, which went to you alone.')
    expect(message.blocks.length).toBeGreaterThan(3)
    expect(complaints(message)).toEqual([])
    expect(message.text).toContain('• `runs show x @U01ALICE` by <@U01ALICE>: *done* &lt;b&gt;')
    expect(drawn(message)).toContain('All of it is in a.txt, which went to you alone.')
  })

  test('a refusal is said in its own words', () => {
    const message = refusalMessage('Already decided. Approved by @U02BOB at 17:42 UTC. <!channel>')
    expect(complaints(message)).toEqual([])
    expect(message.text).toBe('⛔ Already decided. Approved by <@U02BOB> at 17:42 UTC. &lt;!channel&gt;')
  })

  test('an unexpected error gives only its id', () => {
    const message = errorMessage('e-123')
    expect(message.text).toContain('`e-123`')
    expect(complaints(message)).toEqual([])
  })
})
