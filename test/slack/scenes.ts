import type { Actor } from '../../src/core/actor.ts'
import { advance } from '../../src/core/advance.ts'
import { newEnvironment } from '../../src/core/environment.ts'
import type { Event, World } from '../../src/core/event.ts'
import type { NewExecution } from '../../src/core/execution.ts'
import { newExecution, stageOf } from '../../src/core/execution.ts'
import type { PlanOutput } from '../../src/core/report.ts'
import { digestOf } from '../../src/core/settle.ts'
import type { Fields, Outcome, Stage } from '../../src/core/workflow.ts'
import type { ExecutionView } from '../../src/slack/messages.ts'
import { applyOutput, half, healthy, planOutput } from './outputs.ts'

/** Executions for the messages, made by the real `advance` from made-up events, so that they are what the store would hold. */
export const START = Date.UTC(2026, 10, 20, 17, 40)

export const alice: Actor = { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' }
export const bob: Actor = { kind: 'slack', team: 'T01TEAM', user: 'U02BOB' }
export const carol: Actor = { kind: 'slack', team: 'T01TEAM', user: 'U03CAROL' }

const worker = { id: 'w1', machine: 'm1', host: 'builder-1' }
const PLAN = 'terraform.plan'
const APPLY = 'terraform.apply'

const stages: Stage[] = [
  stage(PLAN, PLAN, { size: 'small', destroy: false, variables: {} }, []),
  stage('judgment', 'judgment', { show: PLAN, within: '1h', approvers: ['approvers'] }, [PLAN]),
  stage(APPLY, APPLY, { plan: PLAN, warn: 900_000, longest: 86_400_000 }, ['judgment']),
  stage('health', 'health', { services: { 'loadtest-app': 2 }, within: '2m' }, [APPLY]),
]

function stage(id: string, kind: string, input: Fields, after: string[]): Stage {
  return { id, kind, input, after, onFailure: 'halt' }
}

export const up: NewExecution = {
  id: 'r7k2m9',
  command: 'loadtest up',
  line: 'loadtest up small --for 4h',
  args: { size: 'small', for: '4h' },
  actor: alice,
  allow: ['engineers'],
  origin: { channel: 'C01OPS', via: 'slack' },
  environment: 'loadtest',
  lifetime: '4h',
  stages,
}

/** A world and its clock; each event is a few seconds after the one before. */
export type Story = { world: World; now: number }

export function begin(wanted: NewExecution = up, world?: World): Story {
  const environment = world?.environment ?? newEnvironment('loadtest')
  return next({ world: { execution: newExecution(wanted, START), environment }, now: START }, { type: 'requested' })
}

/** What the store does with an answer: the version counts. */
export function next(story: Story, event: Event, seconds = 10): Story {
  const now = story.now + seconds * 1000
  const answer = advance(story.world, event, now)
  if (!answer.changed) throw new Error(`${event.type} changed nothing: ${answer.refused ?? 'too late'}`)
  const execution = { ...answer.execution, version: story.world.execution.version + 1 }
  return { world: { execution, environment: answer.environment }, now }
}

export function starts(story: Story, stage: string, attempt = 1): Story {
  return next(story, { type: 'stage.started', stage, attempt, worker }, 1)
}

export function ends(story: Story, stage: string, outcome: Outcome, attempt = 1): Story {
  return next(story, { type: 'stage.ended', stage, attempt, outcome }, 12)
}

export function planning(wanted?: NewExecution): Story {
  return starts(begin(wanted), PLAN)
}

export function waiting(change: Partial<PlanOutput> = {}, wanted?: NewExecution): Story {
  return ends(planning(wanted), PLAN, { kind: 'succeeded', output: planOutput(change) })
}

/** The digest of the plan that a judgment shows. */
function shownIn({ world }: Story): string {
  const stage = stageOf(world.execution, 'judgment')
  return stage ? digestOf(world.execution, stage) : ''
}

export function judged(story: Story, decision: 'approved' | 'rejected', reason?: string): Story {
  const judgment = { stage: 'judgment', decision, by: bob, at: story.now + 30_000, digest: shownIn(story) }
  return next(story, { type: 'judged', judgment: { ...judgment, ...(reason ? { reason } : {}) } }, 30)
}

export function applying(change: Partial<PlanOutput> = {}): Story {
  return starts(judged(waiting(change), 'approved'), APPLY)
}

export function applied(outcome: Outcome): Story {
  return ends(applying(), APPLY, outcome)
}

export function checking(): Story {
  return starts(applied({ kind: 'succeeded', output: applyOutput() }), 'health')
}

export function succeeded(): Story {
  return ends(checking(), 'health', { kind: 'succeeded', output: healthy })
}

export function canceling(force = false): Story {
  const asked = next(applying(), { type: 'cancel', by: alice, why: 'wrong size', force: false })
  return force ? next(asked, { type: 'cancel', by: carol, why: 'it hangs', force: true }) : asked
}

export function queued(): Story {
  const before = planning({ ...up, id: 'first1', line: 'loadtest up large', actor: carol })
  return begin(up, before.world)
}

export function view(story: Story, change: Partial<ExecutionView> = {}): ExecutionView {
  return { ...story.world, progress: [], ...change }
}

/** One for each status word, as the first line says it. */
export function scenes(): Record<string, ExecutionView> {
  const lost = { stage: APPLY, attempt: 1, why: 'The worker on builder-1 that ran `terraform.apply` is gone.' }
  const stopped = { kind: 'canceled', why: 'Terraform was interrupted, saved its state and ended.' } as const
  const applies = applying()
  const progress = [{ stage: APPLY, text: '3 of 6 created, 4 s', at: applies.now + 4000 }]
  return {
    queued: view(queued(), { runsLink: (id) => `https://example.slack.com/archives/C01OPS/p${id}` }),
    planning: view(planning()),
    'waiting for approval': view(waiting()),
    applying: view(applies, { progress }),
    'applying (health)': view(checking()),
    succeeded: view(succeeded()),
    failed: view(applied({ kind: 'failed', error: 'The apply failed: local-exec provisioner error.', output: half })),
    rejected: view(judged(waiting(), 'rejected', 'not before the release')),
    expired: view(next(waiting(), { type: 'judgment.due', stage: 'judgment', attempt: 1 }, 3600)),
    canceling: view(canceling()),
    'stopping by force': view(canceling(true)),
    canceled: view(ends(canceling(), APPLY, { ...stopped, output: half })),
    'canceled (superseded)': view(
      next(waiting(), { type: 'superseded', why: "loadtest's time is over: end-r1 takes it down." }),
    ),
    unknown: view(next(applying(), { type: 'stage.lost', ...lost, repeatable: false })),
  }
}
