import { describe, expect, test } from 'vitest'
import { newEnvironment } from '../../src/core/environment.ts'
import { frozen, unfrozen } from '../../src/core/freeze.ts'
import { newChild } from '../../src/core/nested.ts'
import { planStages } from '../../src/core/planning.ts'
import type { Window } from '../../src/core/window.ts'
import { judgment, stageKinds, terraform, wait } from '../../src/stages/index.ts'
import { environment, site } from './sample-site.ts'
import {
  APPLY,
  answer,
  applyStage,
  begin,
  bob,
  carol,
  ends,
  HOUR,
  judged,
  judgmentStage,
  PLAN,
  planned,
  runOf,
  runs,
  START,
  type Story,
  stage,
  stale,
  starts,
  states,
  succeeded,
  tells,
  told,
  worker,
} from './world.ts'

/** START is Friday 17:40 UTC: an hour from now for two hours, over no midnight. */
const later: Window = { days: ['fri'], from: '18:40', to: '20:40', zone: 'UTC' }
const OPENS = START + HOUR
const stagesIn = (windows: Window[]) => [
  stage(PLAN, PLAN),
  judgmentStage({ within: '10h' }),
  { ...applyStage, guard: { windows } },
  { ...stage('second', 'script', {}, [APPLY]), guard: { windows } },
]
const approved = (windows: Window[], record = newEnvironment('loadtest')): Story =>
  judged(runs(begin({ stages: stagesIn(windows) }, record), PLAN, planned()))
const due = (story: Story, at: number): Story => told(story, { type: 'hold.due' }, at - story.now)
const freeze = { by: bob, at: START, until: START + 2 * HOUR, why: 'quarter end' }
const icy = frozen(newEnvironment('loadtest'), freeze).environment
const allow = { type: 'overridden', by: carol, why: 'it burns', rule: 'outside_window: leads' } as const

describe('outside its window', () => {
  test('what plans goes on, what changes waits until it opens, and says when', () => {
    const story = approved([later])
    expect(states(story)).toBe('succeeded succeeded waiting pending')
    expect(story.execution.status).toBe('waiting')
    expect(runOf(story, APPLY)).toMatchObject({
      dueAt: OPENS,
      startedAt: null,
      held: { by: 'window', text: 'outside the window of loadtest: opens Fri 2026-11-20 18:40 UTC' },
    })
    expect(tells(story.effects)).toEqual([expect.objectContaining({ event: { type: 'hold.due' }, at: OPENS })])
    expect(states(due(story, OPENS))).toBe('succeeded succeeded ready pending')
  })

  test('whoever asks is told at once', () => {
    expect(begin({ stages: stagesIn([later]) }).execution.notes).toEqual([
      { at: START + 1000, text: expect.stringMatching(/What changes waits: outside the window .* opens Fri .* 18:40/) },
    ])
    expect(begin({ stages: stagesIn([]) }).execution.notes).toEqual([])
  })

  test('a look that comes too early changes nothing and leaves nothing to be done', () => {
    expect(answer(approved([later]), { type: 'hold.due' })).toMatchObject({ changed: false, effects: [] })
  })

  test('a worker that comes only after it closed does not begin, and it waits for the next one', () => {
    const ready = due(approved([later]), OPENS)
    const late = told(ready, { type: 'stage.started', stage: APPLY, attempt: 1, worker }, 3 * HOUR)
    expect(runOf(late, APPLY)).toMatchObject({ state: 'waiting', worker: null, startedAt: null })
    expect(late.execution.status).toBe('waiting')
    const again = due(late, runOf(late, APPLY).dueAt ?? 0)
    expect(runOf(again, APPLY)).toMatchObject({ state: 'ready', attempt: 2 })
  })

  test('what has begun to change something goes on to its end after it closed', () => {
    const running = starts(due(approved([later]), OPENS), APPLY)
    const done = told(running, { type: 'stage.ended', stage: APPLY, attempt: 1, outcome: succeeded() }, 5 * HOUR)
    expect(runOf(done, 'second').state).toBe('ready')
  })

  test('a plan that got stale meanwhile is made and judged anew, and then waits for the window again', () => {
    const failed = ends(starts(due(approved([later]), OPENS), APPLY), APPLY, stale)
    expect(states(failed)).toBe('ready pending pending pending')
    const slow = { ...runs(failed, PLAN, planned({ digest: 'd2' })), now: OPENS + 3 * HOUR }
    expect(runOf(judged(slow, 'approved', carol), APPLY)).toMatchObject({ state: 'waiting', held: { by: 'window' } })
  })

  test('it can be canceled', () => {
    const over = told(approved([later]), { type: 'cancel', by: bob, why: '', force: false })
    expect(over.execution).toMatchObject({ status: 'canceled', lock: 'released' })
    expect(runOf(over, APPLY).outcome).toMatchObject({ why: 'never started' })
  })

  test('what brings back from a failure waits for nothing', () => {
    const [plan, judgment, apply] = stagesIn([])
    const back = { ...stage('back', 'script'), recovers: [APPLY], after: [], guard: { windows: [later] } }
    const story = judged(runs(begin({ stages: [plan, judgment, apply, back] as never }), PLAN, planned()))
    expect(runOf(runs(story, APPLY, { kind: 'failed', error: 'no' }), 'back').state).toBe('ready')
  })
})

describe('in a freeze', () => {
  test('what changes waits, with the reason and who it was, until the freeze ends', () => {
    const story = approved([], icy)
    expect(runOf(story, APPLY)).toMatchObject({ state: 'waiting', dueAt: freeze.until, held: { by: 'freeze' } })
    expect(runOf(story, APPLY).held?.text).toMatch(/loadtest is frozen until .*19:40.* by @U02BOB: `quarter end`/)
    expect(runOf(due(story, freeze.until), APPLY).state).toBe('ready')
  })

  test('ended before its time it is looked at at once', () => {
    const story = approved([], icy)
    const ended = unfrozen(story.environment ?? icy, carol, story.now)
    expect(tells(ended?.effects ?? [])).toMatchObject([{ execution: 'r1', event: { type: 'hold.due' } }])
    const free = told({ ...story, environment: ended?.environment ?? null }, { type: 'hold.due' })
    expect(runOf(free, APPLY).state).toBe('ready')
    expect(unfrozen(newEnvironment('loadtest'), carol, START)).toBeNull()
  })

  test('whoever lent the lock to what is nested in it looks again as well', () => {
    const lender = { execution: 'r1', line: 'x', actor: carol, since: START }
    const lent = { ...icy, lock: { ...lender, execution: 'r2', under: 'r1', lender } }
    const told = tells(unfrozen(lent, carol, START)?.effects ?? [])
    expect(told.map(({ execution }) => execution)).toEqual(['r2', 'r1'])
  })

  test('one that begins while it waits for a worker keeps the worker from beginning', () => {
    const ready = approved([])
    expect(runOf(ready, APPLY).state).toBe('ready')
    const record = frozen(ready.environment ?? icy, { ...freeze, at: ready.now })
    const late = told(
      { ...ready, environment: record.environment },
      {
        type: 'stage.started',
        stage: APPLY,
        attempt: 1,
        worker,
      },
    )
    expect(runOf(late, APPLY)).toMatchObject({ state: 'waiting', held: { by: 'freeze' } })
  })

  test('a start is compared with the environment as it was read, so that no freeze slips in between', () => {
    const ready = approved([])
    const next = answer(ready, { type: 'stage.started', stage: APPLY, attempt: 1, worker })
    expect(next.environment).not.toBe(ready.environment)
  })

  test('with both, it waits for the window after the freeze', () => {
    const early: Window = { ...later, from: '17:00', to: '19:00' }
    const story = due(approved([early], icy), freeze.until)
    expect(runOf(story, APPLY)).toMatchObject({ state: 'waiting', held: { by: 'window' } })
  })
})

describe('an override', () => {
  test('lets what waits begin, once, with who it was and why in the record', () => {
    const story = told(approved([later], icy), allow)
    expect(states(story)).toBe('succeeded succeeded ready pending')
    expect(story.execution.override).toMatchObject({ by: carol, why: 'it burns' })
    expect(story.execution.notes.at(-1)?.text).toMatch(/^@U03CAROL lets it change things outside the window.*it burns/)
    expect(answer(story, allow).refused).toMatch(/Already allowed\. @U03CAROL/)
    expect(runOf(starts(story, APPLY), APPLY).state).toBe('running')
  })

  test('given when it is asked for, nothing waits, and approvals are needed all the same', () => {
    const override = { by: carol, at: START, why: 'it burns', rule: 'x' }
    const story = runs(begin({ stages: stagesIn([later]), override }), PLAN, planned())
    expect(story.execution.status).toBe('waiting')
    expect(runOf(story, 'judgment').state).toBe('waiting')
    expect(runOf(judged(story), APPLY).state).toBe('ready')
  })

  test('of what is over is refused', () => {
    const over = told(approved([later]), { type: 'cancel', by: bob, why: '', force: false })
    expect(answer(over, allow).refused).toMatch(/over/)
  })
})

test('what may not run twice is planned with the windows of its environment, and nothing else is', () => {
  const context = { site, environment: { ...environment, windows: [{ ...later, days: ['fri'] }] } }
  const drafts = [
    terraform.plan({ size: 'small' }),
    judgment({ show: PLAN }),
    terraform.apply({ plan: PLAN }),
    wait({ for: '1m' }),
  ]
  const stages = planStages(drafts, stageKinds, context)
  expect(stages.map(({ guard }) => guard)).toEqual([undefined, undefined, { windows: [later] }, undefined])
})

test('an execution that was stored before there were windows goes on as it did', () => {
  const old = stagesIn([later]).map(
    ({ guard: _, ...rest }: ReturnType<typeof stagesIn>[number] & { guard?: unknown }) => rest,
  )
  const story = judged(runs(begin({ stages: old }, icy), PLAN, planned()))
  expect(runOf(story, APPLY).state).toBe('ready')
})

describe('what may run twice and changes something', () => {
  const twice = (more = {}) => [
    stage(PLAN, PLAN),
    judgmentStage({ within: '10h' }),
    { ...stage('release.switch', 'release.switch', {}, ['judgment']), guard: { windows: [later] }, ...more },
  ]
  const running = (more = {}): Story => {
    const story = judged(runs(begin({ stages: twice(more) }), PLAN, planned()))
    return starts(due(story, OPENS), 'release.switch')
  }

  test('goes on where its worker died halfway, also after the window closed', () => {
    const lost = { type: 'stage.lost', stage: 'release.switch', attempt: 1, why: 'gone.', repeatable: true } as const
    const again = told(running(), lost, 5 * HOUR)
    expect(runOf(again, 'release.switch')).toMatchObject({ state: 'ready', attempt: 2 })
    expect(runOf(starts(again, 'release.switch'), 'release.switch').state).toBe('running')
  })

  test('and where it is tried again after a failure', () => {
    const story = running({ retry: { times: 2, wait: '5s', most: '5s' } })
    const failed = { kind: 'failed', error: 'no' } as const
    const again = told(story, { type: 'stage.ended', stage: 'release.switch', attempt: 1, outcome: failed }, 5 * HOUR)
    expect(runOf(starts(again, 'release.switch'), 'release.switch').state).toBe('running')
  })
})

test('whoever lets something change an environment has no say in that of what is nested in it', () => {
  const child = { command: 'far', line: 'far', args: {}, allow: [], stages: [], environment: 'other' }
  const nested = (environment: string) => ({
    ...stage('workflow', 'workflow', { child: { ...child, environment } } as never),
    attempt: 1,
  })
  const parent = answer(approved([later]), allow).execution
  expect(newChild(parent, nested('loadtest'), 'r2').override).toMatchObject({ by: carol })
  expect(newChild(parent, nested('other'), 'r2').override).toBeUndefined()
})

test('what is nested in what has begun goes on in its environment, and the other way round, whatever the window says', () => {
  const stages = [{ ...stage('up', 'script'), guard: { windows: [later] } }]
  const child = { command: 'up', line: 'up', args: {}, allow: [], stages, environment: 'loadtest' }
  const parentOf = (first: Window[]) =>
    begin({
      stages: [
        { ...stage('first', 'script'), guard: { windows: first } },
        stage('workflow', 'workflow', { child } as never, ['first']),
        { ...stage('last', 'script', {}, ['workflow']), guard: { windows: [later] } },
      ] as never,
    })
  const nestedIn = (story: Story, change = {}) => {
    const wish = { ...newChild(story.execution, runOf(story, 'workflow'), 'r2'), ...change }
    return begin(wish, newEnvironment('loadtest'))
  }
  const begun = runs(parentOf([]), 'first', succeeded())
  expect(states(nestedIn(begun))).toBe('ready')
  const elsewhere = { ...runOf(begun, 'workflow'), input: { child: { ...child, environment: 'other' } } } as never
  expect(newChild(begun.execution, elsewhere, 'r2').parent?.shares).toBeUndefined()
  const looked = { ...begun, execution: { ...begun.execution, stages: begun.execution.stages.slice(1) } }
  expect(states(nestedIn(looked))).toBe('waiting')

  const ended = (is: object) =>
    told(looked, { type: 'child.ended', stage: 'workflow', attempt: 1, outcome: succeeded(), ...is })
  expect(runOf(ended({}), 'last').state).toBe('waiting')
  expect(runOf(ended({ begun: true }), 'last').state).toBe('ready')
  const over = runs(nestedIn(begun), 'up', succeeded())
  expect(tells(over.effects).map(({ event }) => event)).toMatchObject([{ type: 'child.ended', begun: true }])
})
