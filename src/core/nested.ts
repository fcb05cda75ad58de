import type { Effect } from './event.ts'
import type { Execution, ExecutionStatus, NewExecution } from './execution.ts'
import { hasBegun } from './hold.ts'
import { outputNamed } from './reference.ts'
import { wordOf } from './status-word.ts'
import type { Fields, Outcome, Stage } from './workflow.ts'

/** What a nested workflow is planned to be, with its parent: everything but who asks, which is whoever asked for the parent. */
export type Child = Pick<NewExecution, 'command' | 'line' | 'args' | 'allow' | 'environment' | 'stages'>

/** The start of a stage whose end an execution is. `outputs`: what of its stages the parent's stage gives, by name. */
export type Parent = {
  readonly execution: string
  readonly line: string
  readonly stage: string
  readonly attempt: number
  readonly outputs: Readonly<Record<string, string>>
  /** It works in the environment of its parent, which had begun to change that by then, or not. */
  readonly shares?: 'untouched' | 'begun'
}

export const WORKFLOW = 'workflow'

/** The request by which the child of one start of a stage is begun once, whoever begins it. */
export function requestOfChild(execution: string, stage: string, attempt: number): string {
  return `child:${execution}:${stage}:${attempt}`
}

/** The planned child of a stage; null for a stage of another kind. */
export function childOf({ kind, input }: Pick<Stage, 'kind' | 'input'>): Child | null {
  return kind === WORKFLOW ? (input.child as unknown as Child) : null
}

/** All that stages begin below them, however deep: whoever asks has to be allowed each of them. */
export function childrenIn(stages: readonly Pick<Stage, 'kind' | 'input'>[]): Child[] {
  return stages.flatMap((stage) => {
    const child = childOf(stage)
    return child ? [child, ...childrenIn(child.stages)] : []
  })
}

/** The child as it is stored: its askers are those of its parent, so that none of them can approve it. */
export function newChild(parent: Execution, stage: Stage & { readonly attempt: number }, id: string): NewExecution {
  const child = childOf(stage)
  if (!child) throw new Error(`${stage.id} of ${parent.id} is no workflow.`)
  const { command, line, args, allow, environment, stages } = child
  const same = environment !== null && environment === parent.environment
  const outputs = (stage.input.outputs ?? {}) as Record<string, string>
  return {
    ...{ id, command, line, args, allow, environment, stages, lifetime: lifetimeOf(stage.input) },
    ...{ actor: parent.actor, askers: parent.askers, origin: parent.origin },
    ...(parent.quiet ? { quiet: true } : {}),
    // Who lets something change one environment has no say in another one.
    ...(parent.override && same ? { override: parent.override } : {}),
    ...(parent.glass ? { glass: parent.glass } : {}),
    parent: {
      ...{ execution: parent.id, line: parent.line, stage: stage.id, attempt: stage.attempt, outputs },
      ...(same ? { shares: hasBegun(parent) ? 'begun' : 'untouched' } : {}),
    },
  }
}

function lifetimeOf({ lifetime }: Fields): string | null {
  return typeof lifetime === 'string' ? lifetime : null
}

/** What a child that is over tells its parent, which may be waiting for it. */
export function tellParent(child: Execution, status: ExecutionStatus, now: number): Effect[] {
  const { parent } = child
  if (!parent) return []
  const { execution, stage, attempt } = parent
  const outcome = outcomeOfChild(child, status)
  // What was begun goes on to its end, whatever the window says meanwhile: also what is left of the parent.
  const begun = parent.shares && hasBegun(child) ? { begun: true as const } : {}
  return [{ do: 'tell', execution, event: { type: 'child.ended', stage, attempt, outcome, ...begun }, at: now }]
}

function outcomeOfChild(child: Execution, status: ExecutionStatus): Outcome {
  const { id, line, parent } = child
  const given = Object.entries(parent?.outputs ?? {}).map(([name, ref]) => [name, outputNamed(child, ref)])
  const output: Fields = { execution: id, status: wordOf({ ...child, status }), ...Object.fromEntries(given) }
  const what = `\`${line}\` (\`${id}\`)`
  if (status === 'succeeded') return { kind: 'succeeded', output }
  if (status === 'canceled') return { kind: 'canceled', why: `${what} was canceled`, output }
  if (status === 'unknown')
    return {
      kind: 'unknown',
      why: `${what} was left as it is: how it ended is not known.`,
      output: { ...output, vanished: true },
    }
  return { kind: 'failed', error: `${what} ${wordOf({ ...child, status })}. ${errorIn(child)}`.trim(), output }
}

function errorIn({ stages }: Execution): string {
  const failed = stages.find(({ state, onFailure, aside }) => state === 'failed' && onFailure !== 'continue' && !aside)
  return failed?.outcome?.kind === 'failed' ? `\`${failed.id}\`: ${failed.outcome.error}` : ''
}
