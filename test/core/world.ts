import type { Actor } from '../../src/core/actor.ts'
import { advance } from '../../src/core/advance.ts'
import type { EnvironmentRecord } from '../../src/core/environment.ts'
import { newEnvironment } from '../../src/core/environment.ts'
import type { Effect, Event, Next, World } from '../../src/core/event.ts'
import type { Execution, NewExecution, StageRun } from '../../src/core/execution.ts'
import { newExecution, stageOf } from '../../src/core/execution.ts'
import type { Judgment } from '../../src/core/judgment.ts'
import { digestOf } from '../../src/core/settle.ts'
import type { Fields, Outcome, Stage } from '../../src/core/workflow.ts'

export const START = Date.UTC(2026, 10, 20, 17, 40)
export const SECOND = 1000
export const HOUR = 3_600_000

export const person = (user: string): Actor => ({ kind: 'slack', team: 'T01TEAM', user })
export const alice = person('U01ALICE')
export const bob = person('U02BOB')
export const carol = person('U03CAROL')

export const PLAN = 'terraform.plan'
export const APPLY = 'terraform.apply'

export function stage(id: string, kind: string, input: Fields = {}, after: readonly string[] = []): Stage {
  return { id, kind, input, after, onFailure: 'halt' }
}

export const judgmentStage = (more: Fields = {}): Stage =>
  stage('judgment', 'judgment', { show: PLAN, within: '1h', approvers: ['approvers'], ...more }, [PLAN])

export const applyStage: Stage = stage(APPLY, APPLY, { plan: PLAN, warn: 900_000, longest: 24 * HOUR }, ['judgment'])

/** Plan, judgment, apply and health, as `loadtest up` has them. */
export const upStages: readonly Stage[] = [
  stage(PLAN, PLAN, { size: 'small', destroy: false }),
  judgmentStage(),
  applyStage,
  stage('health', 'health', {}, [APPLY]),
]

export const downStages = (more: Fields = {}): readonly Stage[] => [
  stage(PLAN, PLAN, { destroy: true }),
  judgmentStage(more),
  applyStage,
]

export function wanted(change: Partial<NewExecution> = {}): NewExecution {
  return {
    id: 'r1',
    command: 'loadtest up',
    line: 'loadtest up small',
    args: { size: 'small' },
    actor: alice,
    allow: ['engineers'],
    origin: { channel: 'C01OPS', via: 'slack' },
    environment: 'loadtest',
    lifetime: null,
    stages: upStages,
    ...change,
  }
}

/** One execution and its environment, the time, and what the last event asked to be done. */
export type Story = World & { readonly now: number; readonly next: Next; readonly effects: readonly Effect[] }

export function begin(change: Partial<NewExecution> = {}, environment?: EnvironmentRecord | null, now = START): Story {
  const world: World = {
    execution: newExecution(wanted(change), now),
    environment: environment === undefined ? newEnvironment('loadtest') : environment,
  }
  return told({ ...world, now }, { type: 'requested' })
}

/** An event that has to change something; `after` milliseconds later. */
export function told(story: World & { readonly now: number }, event: Event, after = SECOND): Story {
  const now = story.now + after
  const next = advance({ execution: story.execution, environment: story.environment }, event, now)
  if (!next.changed) throw new Error(`${event.type} changed nothing: ${next.refused ?? 'it came too late'}`)
  return { execution: next.execution, environment: next.environment, now, next, effects: next.effects }
}

/** What an event would do, without a new story. */
export function answer(story: Story, event: Event, after = SECOND): Next {
  return advance({ execution: story.execution, environment: story.environment }, event, story.now + after)
}

export const worker = { id: 'w1', machine: 'm1', host: 'builder-1' }

export function runOf({ execution }: { readonly execution: Execution }, id: string): StageRun {
  const found = stageOf(execution, id)
  if (!found) throw new Error(`There is no stage ${id}`)
  return found
}

export function starts(story: Story, id: string): Story {
  return told(story, { type: 'stage.started', stage: id, attempt: runOf(story, id).attempt, worker })
}

export function ends(story: Story, id: string, outcome: Outcome): Story {
  return told(story, { type: 'stage.ended', stage: id, attempt: runOf(story, id).attempt, outcome })
}

export const runs = (story: Story, id: string, outcome: Outcome): Story => ends(starts(story, id), id, outcome)

export const succeeded = (output: Fields = {}): Outcome => ({ kind: 'succeeded', output })

export const planned = (change: Fields = {}): Outcome =>
  succeeded({ digest: 'd1', needsApply: true, deleteOnly: false, lineage: 'L1', ...change })

export const stale: Outcome = { kind: 'failed', error: 'The saved plan is stale.', again: PLAN }

export function judgmentBy(story: World & { now: number }, by: Actor, change: Partial<Judgment> = {}): Judgment {
  const digest = digestOf(story.execution, runOf(story, 'judgment'))
  return { stage: 'judgment', decision: 'approved', by, at: story.now + SECOND, digest, ...change }
}

export function judged(story: Story, decision: 'approved' | 'rejected' = 'approved', by: Actor = bob): Story {
  return told(story, { type: 'judged', judgment: judgmentBy(story, by, { decision }) })
}

/** As far as the judgment. */
export const waiting = (
  change: Partial<NewExecution> = {},
  environment?: EnvironmentRecord,
  plan: Fields = {},
): Story => runs(begin(change, environment), PLAN, planned(plan))

/** As far as an apply that runs. */
export const applying = (change: Partial<NewExecution> = {}, environment?: EnvironmentRecord): Story =>
  starts(judged(waiting(change, environment)), APPLY)

/** All of it. */
export const up = (change: Partial<NewExecution> = {}, environment?: EnvironmentRecord): Story =>
  runs(ends(applying(change, environment), APPLY, succeeded({ lineage: 'L1' })), 'health', succeeded())

export const environmentAfter = (story: Story): EnvironmentRecord => {
  if (!story.environment) throw new Error('There is no environment')
  return story.environment
}

/** The stages' states in order, in one line. */
export const states = ({ execution }: { readonly execution: Execution }): string =>
  execution.stages.map(({ state }) => state).join(' ')

export const shows = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => (effect.do === 'show' ? [effect.message] : []))

export const runEffects = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => (effect.do === 'run' ? [`${effect.stage}/${effect.attempt}`] : []))

export const tells = (effects: readonly Effect[]): { execution: string; event: Event; at: number }[] =>
  effects.flatMap((effect) => (effect.do === 'tell' ? [effect] : []))
