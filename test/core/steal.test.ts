import { describe, expect, test } from 'vitest'
import { recordsOf } from '../../src/core/audit/records.ts'
import { claim, newEnvironment } from '../../src/core/environment.ts'
import type { Event } from '../../src/core/event.ts'
import { describeLock } from '../../src/core/locks.ts'
import { LOOK } from '../../src/core/look.ts'
import { stolenFromNobody } from '../../src/core/steal.ts'
import type { Story } from './world.ts'
import {
  APPLY,
  alice,
  answer,
  applying,
  begin,
  bob,
  carol,
  ends,
  environmentAfter,
  HOUR,
  judged,
  runEffects,
  runOf,
  runs,
  START,
  shows,
  starts,
  states,
  succeeded,
  tells,
  told,
  up,
  waiting,
} from './world.ts'

const taking = { by: carol, why: 'its `machine` is gone', rule: 'approvers: approvers' }
const steal: Event = { type: 'stolen', ...taking }
const claimOf = (execution: string) => ({ execution, line: `loadtest up ${execution}`, actor: bob, since: START })

/** Nobody saw the apply end, and r2 and r3 wait for the lock. */
const unknown = (): Story => queued(ends(applying(), APPLY, { kind: 'unknown', why: 'gone' }))
const looked = (process: string): Story => runs(unknown(), LOOK, succeeded({ process, lock: null, fresh: '1 to add.' }))

function queued(story: Story): Story {
  const environment = claim(claim(environmentAfter(story), claimOf('r2')), claimOf('r3'))
  return { ...story, environment }
}

/** Over, and the store says that it holds the lock still: what should never be. */
function planted(): Story {
  const story = up()
  const lock = { execution: 'r1', line: 'loadtest up small', actor: alice, since: START }
  return queued({ ...story, environment: { ...environmentAfter(story), lock } })
}

describe('taking the lock of an execution that stands at unknown', () => {
  test.each(['gone', 'elsewhere'])(
    'ends it as left with the reason, and the next in the queue holds it (%s)',
    (process) => {
      const over = told(looked(process), steal)
      expect(over.execution).toMatchObject({ status: 'unknown', ending: 'left', lock: 'released', endedAt: over.now })
      expect(over.execution.notes.at(-1)?.text).toBe(
        "@U03CAROL took its lock (`its 'machine' is gone`): how it ended stays unknown, and the lock was given back.",
      )
      const { lock, queue, stolen } = environmentAfter(over)
      expect([lock?.execution, queue.map(({ execution }) => execution)]).toEqual(['r2', ['r3']])
      expect(stolen).toMatchObject({ ...taking, at: over.now, from: { execution: 'r1', actor: alice } })
      expect(tells(over.effects)).toMatchObject([{ execution: 'r2', event: { type: 'lock.granted' } }])
      expect(shows(over.effects)).toEqual(['execution:r3'])
    },
  )

  test('frees it where nobody waits', () => {
    const over = told(ends(applying(), APPLY, { kind: 'unknown', why: 'gone' }), steal)
    expect(environmentAfter(over).lock).toBeNull()
  })

  test('is refused while its process is known to be alive, and so is leaving it', () => {
    const alive = looked('running')
    expect(answer(alive, steal)).toMatchObject({
      changed: false,
      refused: expect.stringMatching(/process was still running/),
    })
    expect(answer(alive, { type: 'left', by: carol })).toMatchObject({
      changed: false,
      refused: expect.stringMatching(/process was still running/),
    })
  })

  test('is refused while a stage beside it runs', () => {
    expect(answer(starts(unknown(), LOOK), steal).refused).toMatch(/`look` still runs/)
  })

  test.each([
    ['a success', succeeded({ empty: true })],
    ['a failure', { kind: 'failed', error: 'x', output: {} } as const],
    ['unknown again', { kind: 'unknown', why: 'x' } as const],
  ])('a late true result (%s) is kept, starts nothing and gives no lock back', (_what, outcome) => {
    const over = told(looked('gone'), steal)
    const late = told(over, { type: 'stage.ended', stage: APPLY, attempt: 1, outcome }, HOUR)
    expect(runOf(late, APPLY).outcome).toEqual(outcome)
    expect(late.execution).toMatchObject({ status: 'unknown', ending: 'left', lock: 'released' })
    expect(late.environment).toEqual(over.environment)
    expect([runEffects(late.effects), tells(late.effects)]).toEqual([[], []])
  })

  test('comes too late after somebody else did, who is named', () => {
    const second = answer(told(looked('gone'), steal), { ...steal, by: bob })
    expect(second).toMatchObject({
      changed: false,
      refused: expect.stringMatching(/any more. @U03CAROL took it from `r1` at/),
    })
  })
})

describe('the lock of an execution that is over and holds it still', () => {
  test('goes to the next, says so on its message, and changes nothing about how it ended', () => {
    const before = planted()
    const after = told(before, steal)
    const { notes, ...same } = after.execution
    expect(same).toEqual({ ...before.execution, notes: undefined, lock: 'released' })
    expect(notes.at(-1)?.text).toMatch(/@U03CAROL took its lock .*it was over and still held it/)
    expect(environmentAfter(after).lock).toMatchObject({ execution: 'r2', since: after.now })
    expect(tells(after.effects)).toMatchObject([{ execution: 'r2', event: { type: 'lock.granted' } }])
    expect(states(after)).toBe(states(before))
  })

  test('is recorded: who took it from whom, why and by which rule', () => {
    const before = planted()
    const about = { execution: 'r1', line: 'loadtest up small', environment: 'loadtest' }
    expect(recordsOf(before, told(before, steal), steal)).toEqual([
      {
        kind: 'stolen',
        who: 'T01TEAM/U03CAROL',
        from: 'T01TEAM/U01ALICE',
        ...about,
        rule: taking.rule,
        why: taking.why,
      },
      { kind: 'unlocked', who: 'T01TEAM/U01ALICE', ...about },
      expect.objectContaining({ kind: 'locked', who: 'T01TEAM/U02BOB', execution: 'r2' }),
    ])
  })

  test('is recorded once: what changes afterwards is no theft', () => {
    const after = told(planted(), steal)
    const environment = { ...environmentAfter(after), lock: null }
    const later = recordsOf({ execution: null, environment: after.environment }, { execution: null, environment }, null)
    expect(later.map(({ kind }) => kind)).toEqual(['unlocked'])
  })
})

test.each([
  ['waits for a judgment', () => waiting(), /is \*waiting for approval\*/],
  ['applies', () => applying(), /is \*applying\*/],
  ['is approved', () => judged(waiting()), /is \*applying\*/],
])('the lock of one that %s is not taken: it says which, whose, and what to do', (_what, story, word) => {
  const next = answer(story(), steal)
  expect(next.changed).toBe(false)
  expect(next.refused).toMatch(word)
  expect(next.refused).toMatch(/^`r1` \(`loadtest up small` of @U01ALICE\) holds the lock .*`runs cancel r1` asks/)
})

test('one that does not hold the lock loses nothing, over or not', () => {
  const free = up()
  expect(answer(free, steal)).toMatchObject({
    changed: false,
    refused: expect.stringMatching(/does not hold the lock/),
  })
  const waits = begin({ id: 'r9' }, claim(newEnvironment('loadtest'), claimOf('r2')))
  expect(answer(waits, steal).changed).toBe(false)
})

test('a holder of which nothing is stored gives way, and only that one', () => {
  const environment = claim(claim(newEnvironment('loadtest'), claimOf('lost')), claimOf('r2'))
  const taken = stolenFromNobody(environment, 'lost', taking, START + HOUR)
  expect(taken?.environment).toMatchObject({
    lock: { execution: 'r2' },
    queue: [],
    stolen: { from: { execution: 'lost' } },
  })
  expect(taken && stolenFromNobody(taken.environment, 'lost', taking, START)).toBeNull()
})

describe('locks are listed', () => {
  const holder = (story: Story) => ({ environment: environmentAfter(story), holder: story.execution })

  test('free, or held by whom since when, with the places in the queue', () => {
    expect(describeLock({ environment: newEnvironment('loadtest'), holder: null }, START)).toEqual(['*loadtest*: free'])
    const story = queued(applying())
    expect(describeLock(holder(story), START + 2 * HOUR)).toEqual([
      expect.stringMatching(
        /^\*loadtest\*: held by `r1` `loadtest up small` of @U01ALICE, which is \*applying\*, since .* \(1 h 59 m\)$/,
      ),
      '   1. in the queue: `r2` `loadtest up r2` of @U02BOB',
      '   2. in the queue: `r3` `loadtest up r3` of @U02BOB',
    ])
  })

  test('as what they are: unknown, over, of nobody, or taken from somebody', () => {
    expect(describeLock(holder(unknown()), START)[0]).toContain('which is *unknown*')
    expect(describeLock(holder(planted()), START)[0]).toContain('which is over (*succeeded*)')
    expect(describeLock({ ...holder(planted()), holder: null }, START)[0]).toContain('of which nothing is stored')
    expect(describeLock(holder(told(unknown(), steal)), START)[0]).toContain('after @U03CAROL took it from `r1`')
  })
})
