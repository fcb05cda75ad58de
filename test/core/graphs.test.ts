import { expect, test } from 'vitest'
import type { Execution } from '../../src/core/execution.ts'
import { mayBegin } from '../../src/core/recover.ts'
import { retryOf } from '../../src/core/retry.ts'
import { onFailures } from '../../src/core/stage/shape.ts'
import type { Outcome, Stage } from '../../src/core/workflow.ts'
import type { Story } from './world.ts'
import { begin, ends, runOf, starts, states, succeeded } from './world.ts'

const WALKS = 3000

/** The same numbers every time, so that a walk that fails can be walked again by its seed. */
function dice(seed: number) {
  let last = seed
  const roll = () => {
    last = (last * 1_103_515_245 + 12_345) & 0x7fffffff
    return last / 0x7fffffff
  }
  return {
    chance: (share: number) => roll() < share,
    pick: <T>(from: readonly T[]) => from[Math.floor(roll() * from.length)] as T,
  }
}
type Dice = ReturnType<typeof dice>

/** Any graph of up to eight stages: what recovers comes after what recovers, or after anything. */
function graphOf({ chance, pick }: Dice): Stage[] {
  const stages: Stage[] = []
  for (let at = 0; at < pick([2, 3, 4, 5, 6, 7, 8]); at++) {
    const ids = stages.map(({ id }) => id)
    const recovers = at > 0 && chance(0.3) ? [pick(ids), pick(ids)] : undefined
    const anywhere = recovers && chance(0.2)
    const before = stages.filter((each) => anywhere || (each.recovers !== undefined) === (recovers !== undefined))
    stages.push({
      ...{ id: `s${at}`, kind: 'script', input: {}, onFailure: chance(0.5) ? 'halt' : pick(onFailures) },
      after: before.filter(() => chance(0.35)).map(({ id }) => id),
      ...(recovers ? { recovers } : {}),
      ...(chance(0.15) ? { retry: { times: 1, wait: '1s', most: '1s' } } : {}),
    })
  }
  return stages
}

function outcome({ pick }: Dice, stopped: boolean): Outcome {
  const kind = pick(stopped ? ['canceled', 'failed', 'succeeded'] : ['succeeded', 'succeeded', 'failed'])
  if (kind === 'succeeded') return succeeded()
  return kind === 'failed' ? { kind, error: 'x' } : { kind: 'canceled', why: 'x' }
}

/** Begins and ends stages in any order, until nothing is left that could. */
function walk(seed: number): Execution {
  const chances = dice(seed)
  let story: Story = begin({ stages: graphOf(chances) })
  for (;;) {
    const { execution } = story
    // What brings back waits, ready as it is, until what is being stopped has ended.
    const open = execution.stages.filter(
      (each) => each.state === 'running' || (each.state === 'ready' && mayBegin(execution, each)),
    )
    if (open.length === 0) return execution
    const { id, state, stopped } = chances.pick(open)
    story = state === 'ready' ? starts(story, id) : ends(story, id, outcome(chances, stopped !== undefined))
  }
}

test('whatever fails in whatever graph: it ends, nothing comes after what failed, and all is recovered that could be', () => {
  for (let seed = 1; seed <= WALKS; seed++) {
    const execution = walk(seed)
    const { stages } = execution
    const is = (id: string) => runOf({ execution }, id)
    const said = `walk ${seed}: ${states({ execution })}`
    expect(execution.endedAt, said).not.toBeNull()
    const fails = stages.some(
      ({ state, onFailure }) => state === 'failed' && /^(halt|finish-then-fail)$/.test(onFailure),
    )
    expect(execution.status, said).toBe(fails ? 'failed' : 'succeeded')
    for (const { id, after, recovers, startedAt } of stages) {
      const wrong = after.map(is).filter((each) => each.state === 'failed' && each.onFailure !== 'continue')
      if (!recovers && startedAt !== null) expect(wrong, `${said}: ${id}`).toEqual([])
      const free = after.map(is).every((each) => !each.recovers || each.state === 'succeeded')
      if (recovers?.some((name) => is(name).state === 'failed') && free)
        expect(startedAt, `${said}: ${id} was to recover`).not.toBeNull()
    }
  }
})

test('a retry leaves out only what was done, or had not to be', () => {
  for (let seed = 1; seed <= WALKS; seed++) {
    const execution = walk(seed)
    if (execution.status !== 'failed') continue
    const { stages, kept } = retryOf(execution)
    const before = stages.flatMap(({ id }) => runOf({ execution }, id).after).filter((id) => kept.includes(id))
    for (const { state, outcome } of before.map((id) => runOf({ execution }, id)))
      expect([state, outcome?.kind === 'skipped' && outcome.because], `walk ${seed}`).toEqual(
        state === 'skipped' ? ['skipped', undefined] : ['succeeded', false],
      )
  }
})
