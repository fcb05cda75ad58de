import { describe, expect, test } from 'vitest'
import type { EnvironmentRecord, Lifetime } from '../../src/core/environment.ts'
import type { Effect, Next } from '../../src/core/event.ts'
import { shown, wakeUps } from '../../src/core/lifetime.ts'
import type { Story } from './world.ts'
import {
  APPLY,
  answer,
  applying,
  begin,
  bob,
  carol,
  downStages,
  ends,
  environmentAfter,
  HOUR,
  judged,
  PLAN,
  planned,
  runs,
  shows,
  stage,
  stale,
  starts,
  states,
  succeeded,
  tells,
  told,
  up,
  waiting,
} from './world.ts'

const forFour = { lifetime: '4h' }
const down = { id: 'd1', line: 'loadtest down', stages: downStages(), lifetime: null }
const life = ({ environment }: { environment: EnvironmentRecord | null }): Lifetime => {
  if (!environment?.lifetime) throw new Error('No time runs')
  return environment.lifetime
}
const wakes = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'lifetime' ? [`${effect.what} ${effect.id} ${effect.at}`] : []))
const ended = (story: Story) => ({ ...environmentAfter(story), version: 0 })
const ending = (environment: EnvironmentRecord, id = 'end-r1'): EnvironmentRecord =>
  environment.lifetime ? { ...environment, lifetime: { ...environment.lifetime, ending: id } } : environment

/** The end of the lifetime has been stored: it queues first, or holds the lock. */
const endOf = (environment: EnvironmentRecord) =>
  begin({ ...down, id: 'end-r1', actor: { kind: 'lifetime', environment: 'loadtest' } }, ending(environment))

describe('the time', () => {
  test('starts with the apply, not before, and wakes somebody to warn and to end it', () => {
    const asked = judged(waiting(forFour))
    expect(asked.environment?.lifetime).toBeNull()
    const story = starts(asked, APPLY)
    expect(life(story)).toMatchObject({
      id: 'r1',
      startedAt: story.now,
      endsAt: story.now + 4 * HOUR,
      askers: ['T01TEAM/U01ALICE'],
      approvers: ['T01TEAM/U02BOB'],
      lineage: null,
      ending: null,
    })
    const at = story.now + 4 * HOUR
    expect(wakes(story.effects)).toEqual([`warn r1 ${at - 900_000}`, `end r1 ${at}`])
  })

  test('runs even if the apply fails, is canceled, or nobody knows how it ended', () => {
    for (const kind of ['failed', 'canceled', 'unknown'] as const) {
      const story = ends(applying(forFour), APPLY, { kind, error: 'x', why: 'x', output: { lineage: 'L1' } })
      expect(life(story), kind).toMatchObject({ id: 'r1', lineage: 'L1' })
    }
    const lost = told(applying(forFour), { type: 'stage.lost', stage: APPLY, attempt: 1, why: 'x', repeatable: false })
    expect(life(lost).id).toBe('r1')
  })

  test('does not start with a destroy, with a plan, or without --for', () => {
    expect(applying().environment?.lifetime).toBeNull()
    expect(applying({ ...down, lifetime: '4h' }).environment?.lifetime).toBeNull()
    expect(starts(begin(forFour), PLAN).environment?.lifetime).toBeNull()
  })

  test('knows which state it is about once its own apply has seen it', () => {
    expect(life(up(forFour)).lineage).toBe('L1')
    const unseen = ends(applying(forFour), APPLY, succeeded({ lineage: null }))
    const done = runs(unseen, 'health', succeeded())
    expect(life(up({ id: 'r2' }, ended(done))).lineage).toBeNull()
  })

  test('is not moved to another state by somebody else’s apply', () => {
    const before = ended(up(forFour))
    const resized = ends(applying({ id: 'r2' }, before), APPLY, succeeded({ lineage: 'L2' }))
    expect(life(resized)).toMatchObject({ execution: 'r1', lineage: 'L1' })
  })

  test('ends when everything is destroyed by hand; what was shown of it is shown anew', () => {
    const story = ends(applying(down, ended(up(forFour))), APPLY, succeeded({ empty: true }))
    expect(story.environment?.lifetime).toBeNull()
    expect(story.environment?.last).toMatchObject({ up: false, line: 'loadtest down' })
    expect(shows(story.effects)).toEqual(expect.arrayContaining(['execution:r1', 'warning:r1']))
  })

  test('does not end when a destroy only says that it succeeded', () => {
    const story = ends(applying(down, ended(up(forFour))), APPLY, succeeded({ empty: null }))
    expect(life(story).id).toBe('r1')
  })

  test('ends when a destroy finds nothing to destroy', () => {
    const story = waiting(down, ended(up(forFour)), { needsApply: false })
    expect(story.execution.status).toBe('succeeded')
    expect(story.environment).toMatchObject({ lifetime: null, lock: null, last: { up: false } })
  })

  test('is a new one after a down by hand and another up', () => {
    const gone = ended(ends(applying(down, ended(up(forFour))), APPLY, succeeded({ empty: true })))
    const again = applying({ ...forFour, id: 'r2' }, gone)
    expect(life(again)).toMatchObject({ id: 'r2', execution: 'r2', startedAt: again.now })
    expect(life(again).replaced).toBeUndefined()
  })
})

describe('an `up` while a time runs', () => {
  const before = ended(up(forFour))

  test('that changes something has its own time from then on', () => {
    const story = up({ id: 'r2', lifetime: '1h' }, before)
    expect(life(story)).toMatchObject({ id: 'r2', lineage: 'L1', approvers: ['T01TEAM/U02BOB'] })
  })

  test('that finds nothing to change asks for more time, without a judgment, and is stored', () => {
    const story = waiting({ id: 'r2', lifetime: '8h', actor: carol }, before, { needsApply: false })
    expect(life(story)).toMatchObject({ id: 'r1-x1', execution: 'r1', endsAt: story.now + 8 * HOUR })
    expect(life(story).askers).toContain('T01TEAM/U03CAROL')
    expect(wakes(story.effects)).toEqual([
      `warn r1-x1 ${story.now + 8 * HOUR - 900_000}`,
      `end r1-x1 ${story.now + 8 * HOUR}`,
    ])
  })

  test('that finds nothing to change never shortens it and never passes the maximum', () => {
    expect(life(waiting({ id: 'r2', lifetime: '1h' }, before, { needsApply: false })).id).toBe('r1')
    const most = waiting({ id: 'r2', lifetime: '3d' }, before, { needsApply: false })
    expect(life(most).endsAt).toBe(life({ environment: before }).startedAt + 24 * HOUR)
  })

  test('that finds nothing to change while it is being taken down changes nothing', () => {
    const story = waiting({ id: 'r2', lifetime: '8h' }, ending(before), { needsApply: false })
    expect(life(story)).toMatchObject({ id: 'r1', ending: 'end-r1' })
  })
})

describe('an apply that never began', () => {
  const refused = { kind: 'failed', error: '@U01ALICE may no longer run this' } as const

  test('leaves no time behind where none ran', () => {
    const story = ends(applying(forFour), APPLY, refused)
    expect(story.environment).toMatchObject({ lifetime: null, last: null, lock: null })
  })

  test('lets the time before it run on, with its wake-ups', () => {
    const before = ended(up(forFour))
    const story = ends(applying({ id: 'r2', lifetime: '20h' }, before), APPLY, refused)
    expect(story.environment?.lifetime).toEqual(before.lifetime)
    expect(wakes(story.effects)).toContain(`end r1 ${life({ environment: before }).endsAt}`)
  })

  test('because its plan was stale lets no time run while somebody is asked again, and then names who approved last', () => {
    const again = ends(applying(forFour), APPLY, stale)
    expect(again.environment?.lifetime).toBeNull()
    const second = starts(judged(runs(again, PLAN, planned({ digest: 'd2' })), 'approved', carol), APPLY)
    expect(life(second)).toMatchObject({ startedAt: second.now, approvers: ['T01TEAM/U03CAROL'] })
  })

  test('does not say that it changed the environment last', () => {
    const before = ended(up(forFour))
    expect(ends(applying({ id: 'r2' }, before), APPLY, stale).environment?.last).toEqual(before.last)
  })
})

describe('the end of the time', () => {
  const before = ended(up(forFour))

  test('waits for what is being applied, and then takes it down', () => {
    const story = applying({ id: 'r2' }, before)
    const end = endOf(environmentAfter(story))
    expect(end.execution).toMatchObject({ lock: 'queued', status: 'queued' })
    const done = told({ ...story, environment: end.environment }, applyEnded(succeeded({ lineage: 'L1' })))
    const health = runs(done, 'health', succeeded())
    expect(health.environment?.lock?.execution).toBe('end-r1')
    expect(tells(health.effects)).toEqual([expect.objectContaining({ execution: 'end-r1' })])
  })

  test('goes before what comes to a wait only after it', () => {
    const planning = starts(begin({ id: 'r2' }, before), PLAN)
    const end = endOf(environmentAfter(planning))
    const story = ends({ ...planning, environment: end.environment }, PLAN, planned())
    expect(story.execution).toMatchObject({ status: 'canceled', ending: 'superseded', lock: 'released' })
    expect(story.environment?.lock?.execution).toBe('end-r1')
    expect(tells(story.effects).filter(({ execution }) => execution === 'end-r1')).toHaveLength(1)
  })

  test('does not give way to itself when it has to ask', () => {
    const asks = runs(endOf(before), PLAN, planned())
    expect(asks.execution.status).toBe('waiting')
  })

  test('is called off by an apply that was approved before it came to its turn and begins a new time', () => {
    const ready = judged(waiting({ id: 'r2', lifetime: '8h' }, before))
    const end = endOf(environmentAfter(ready))
    const story = starts({ ...ready, environment: end.environment }, APPLY)
    expect(life(story)).toMatchObject({ id: 'r2', ending: null })
    expect(tells(story.effects)).toEqual([
      expect.objectContaining({
        execution: 'end-r1',
        event: { type: 'superseded', why: expect.stringContaining('r2') },
      }),
    ])
    const off = told({ ...end, environment: story.environment }, { type: 'superseded', why: 'x' })
    expect(off.execution).toMatchObject({ status: 'canceled', ending: 'superseded' })
    expect(off.environment).toMatchObject({ lock: { execution: 'r2' }, queue: [], lifetime: { id: 'r2' } })
  })

  test('comes again with another name where that apply never began after all', () => {
    const ready = judged(waiting({ id: 'r2', lifetime: '8h' }, before))
    const end = endOf(environmentAfter(ready))
    const begun = starts({ ...ready, environment: end.environment }, APPLY)
    const story = ends(begun, APPLY, { kind: 'failed', error: 'never began' })
    expect(life(story)).toMatchObject({ id: 'r1-again', execution: 'r1', ending: null })
    expect(wakes(story.effects)).toContain(`end r1-again ${life({ environment: before }).endsAt}`)
  })

  test.each<[string, (asks: Story) => Story]>([
    ['nobody judged', (asks) => told(asks, { type: 'judgment.due', stage: 'judgment', attempt: 1 }, HOUR)],
    ['somebody rejected', (asks) => judged(asks, 'rejected', carol)],
    ['somebody canceled', (asks) => told(asks, { type: 'cancel', by: bob, why: '', force: false })],
    [
      'the destroy failed',
      (asks) => ends(starts(judged(asks), APPLY), APPLY, { kind: 'failed', error: 'x', output: {} }),
    ],
  ])('that %s leaves the environment to people: it can be extended again', (_what, how) => {
    const over = how(runs(endOf(before), PLAN, planned()))
    expect(over.execution.endedAt).not.toBeNull()
    expect(life(over)).toMatchObject({ id: 'r1', ending: null })
    expect(shows(over.effects)).toEqual(expect.arrayContaining(['execution:r1', 'warning:r1']))
  })

  test('that stands at unknown still holds the lock and is still the end', () => {
    const unknown = ends(starts(judged(runs(endOf(before), PLAN, planned())), APPLY), APPLY, {
      kind: 'unknown',
      why: 'x',
      output: {},
    })
    expect(life(unknown).ending).toBe('end-r1')
    const left = told(unknown, { type: 'left', by: bob })
    expect(left.environment).toMatchObject({ lock: null, lifetime: { ending: null } })
  })

  test('that destroyed everything leaves nothing', () => {
    const done = ends(starts(judged(runs(endOf(before), PLAN, planned())), APPLY), APPLY, succeeded({ empty: true }))
    expect(done.execution.status).toBe('succeeded')
    expect(done.environment).toMatchObject({ lifetime: null, lock: null })
  })
})

test('a result that comes after it was left changes nothing of what others have made since', () => {
  const destroying = told(applying(down, ended(up(forFour))), {
    type: 'stage.lost',
    stage: APPLY,
    attempt: 1,
    why: 'x',
    repeatable: false,
  })
  const left = told(destroying, { type: 'left', by: bob })
  const others = up({ id: 'r3', lifetime: '4h' }, ended(left))
  const late: Next = answer(
    { ...left, environment: others.environment },
    applyEnded(succeeded({ empty: true })),
    9 * HOUR,
  )
  expect(late.execution).toMatchObject({ status: 'unknown', ending: 'left' })
  expect(states(late)).toBe('succeeded succeeded succeeded canceled')
  expect(late.environment?.lifetime?.id).toBe('r3')
  expect(late.environment?.last?.execution).toBe('r3')
})

test('a lifetime shorter than its warning warns at once', () => {
  const story = applying({ lifetime: '5m' })
  expect(wakes(story.effects)[0]).toBe(`warn r1 ${story.now}`)
})

test('wake-ups and what is shown are named by the lifetime', () => {
  const lifetime = life(applying(forFour))
  expect(wakeUps('loadtest', lifetime, HOUR).map((effect) => effect.do)).toEqual(['lifetime', 'lifetime'])
  expect(shows(shown(lifetime, 1))).toEqual(['execution:r1', 'warning:r1'])
})

test('an apply without a plan to look at is no destroy', () => {
  const stages = [stage('x', APPLY)]
  expect(starts(begin({ stages, lifetime: '1h' }), 'x').environment?.lifetime?.id).toBe('r1')
})

function applyEnded(outcome: ReturnType<typeof succeeded>) {
  return { type: 'stage.ended', stage: APPLY, attempt: 1, outcome } as const
}
