import { idOf } from '../actor.ts'
import type { AuditEntry } from '../audit.ts'
import { idsText } from '../break-glass/glass.ts'
import type { Claim, EnvironmentRecord, Lifetime } from '../environment.ts'
import type { Event, StageEvent } from '../event.ts'
import type { Execution } from '../execution.ts'
import { stageOf } from '../execution.ts'
import type { Outcome } from '../workflow.ts'

/** What is stored of an execution and its environment, before a change or after it. */
export type Stored = { readonly execution: Execution | null; readonly environment: EnvironmentRecord | null }

/** What a change of the store leaves in the audit: it is committed together with the change, so that neither is without the other. */
export function recordsOf(before: Stored, after: Stored, event: Event | null): AuditEntry[] {
  return [
    ...(after.execution ? ofExecution(before.execution, after.execution, event) : []),
    ...(after.environment ? ofEnvironment(before.environment, after.environment) : []),
  ]
}

function ofExecution(before: Execution | null, after: Execution, event: Event | null): AuditEntry[] {
  const about = aboutOf(after)
  const stored: AuditEntry[] = before ? [] : [{ kind: 'stored', ...about }, ...allowed(after)]
  const judged = after.judgments.slice(before?.judgments.length ?? 0).map(
    ({ by, decision, stage, digest, reason, choice, from, glass }): AuditEntry => ({
      kind: 'judged',
      ...about,
      ...markOf(after, glass),
      who: idOf(by),
      decision,
      stage,
      digest,
      ...(choice ? { choice } : {}),
      ...(from ? { from: idOf(from) } : {}),
      ...(reason ? { why: reason } : {}),
    }),
  )
  const over = after.endedAt !== null && (before?.endedAt ?? null) === null
  const finished: AuditEntry[] = over
    ? [{ kind: 'finished', ...about, outcome: after.status, ...(after.ending ? { why: after.ending } : {}) }]
    : []
  return [...stored, ...(event ? ofEvent(after, event) : []), ...judged, ...finished]
}

function aboutOf(execution: Execution) {
  const { id, actor, line, environment } = execution
  return { who: idOf(actor), line, execution: id, ...(environment ? { environment } : {}), ...markOf(execution) }
}

/** The break glasses that it was asked for under, and of `more`. */
function markOf({ glass = [] }: Execution, more: readonly string[] = []): { glass?: string } {
  const marks = idsText(
    glass.map(({ id }) => id),
    more,
  )
  return marks ? { glass: marks } : {}
}

/** It was asked for with an override. */
function allowed(execution: Execution): AuditEntry[] {
  const { override } = execution
  if (!override) return []
  const { by, why, rule } = override
  return [{ kind: 'overridden', ...aboutOf(execution), who: idOf(by), why, rule }]
}

function ofEvent(execution: Execution, event: Event): AuditEntry[] {
  const about = aboutOf(execution)
  const start = ({ stage, attempt }: StageEvent) => ({ ...about, ...chooserOf(execution, stage), stage, attempt })
  switch (event.type) {
    case 'stage.started':
      return [{ kind: 'started', ...start(event), worker: event.worker.id }]
    case 'stage.adopted':
      return [{ kind: 'adopted', ...start(event), worker: event.worker.id, ...becauseOf(event.from) }]
    case 'stage.ended':
      return [{ kind: 'ended', ...start(event), outcome: event.outcome.kind, ...whyOf(event.outcome) }]
    case 'stage.lost':
      return [{ kind: 'lost', ...start(event), why: event.why, ...standingOf(execution, event.stage) }]
    case 'judgment.due':
      return [{ kind: 'expired', ...start(event) }]
    case 'limit.due':
      return [{ kind: 'expired', ...start(event), ...lateOf(execution, event.stage) }]
    case 'cancel':
      return [{ kind: 'canceled', ...about, who: idOf(event.by), ...(event.force ? { what: 'by force' } : {}) }]
    case 'chosen':
      return [{ kind: 'chosen', ...about, who: idOf(event.choice.by), what: event.choice.offer }]
    case 'overridden':
      return [{ kind: 'overridden', ...about, who: idOf(event.by), why: event.why, rule: event.rule }]
    case 'withdrawn':
      return [{ kind: 'withdrawn', ...about, who: idOf(event.by) }]
    case 'delegated': {
      const { from, to, stage } = event.delegation
      return [{ kind: 'delegated', ...about, who: idOf(from), to: idOf(to), stage }]
    }
    case 'left':
      return [{ kind: 'left', ...about, who: idOf(event.by) }]
    default:
      return []
  }
}

/** What mends an unknown end is done for whoever chose it. */
function chooserOf(execution: Execution, stage: string) {
  const by = stageOf(execution, stage)?.input.by
  return typeof by === 'string' ? { who: by } : {}
}

function becauseOf(from: string | undefined) {
  return from ? { why: `${from} is gone` } : {}
}

function lateOf(execution: Execution, stage: string) {
  const stopped = stageOf(execution, stage)?.stopped
  return stopped ? { why: `it ${stopped.why}${stopped.force ? ', and is stopped by force' : ''}` } : {}
}

function standingOf(execution: Execution, stage: string) {
  const state = stageOf(execution, stage)?.state
  return state ? { outcome: state } : {}
}

function whyOf(outcome: Outcome) {
  if (outcome.kind === 'succeeded') return {}
  return { why: outcome.kind === 'failed' ? outcome.error : outcome.why }
}

function ofEnvironment(before: EnvironmentRecord | null, after: EnvironmentRecord): AuditEntry[] {
  const environment = after.name
  const held = (kind: 'locked' | 'unlocked', { execution, line, actor }: Claim): AuditEntry => ({
    kind,
    who: idOf(actor),
    line,
    execution,
    environment,
  })
  const [was, is] = [before?.lock ?? null, after.lock]
  const passed = was?.execution !== is?.execution
  return [
    ...theft(before, after),
    ...(passed && was ? [held('unlocked', was)] : []),
    ...(passed && is ? [held('locked', is)] : []),
    ...extension(before?.lifetime ?? null, after),
    ...freezing(before, after),
  ]
}

function theft(before: EnvironmentRecord | null, { name, stolen }: EnvironmentRecord): AuditEntry[] {
  const earlier = before?.stolen
  if (!stolen || (earlier?.at === stolen.at && earlier.from.execution === stolen.from.execution)) return []
  const { from, by, why, rule } = stolen
  const { execution, line, actor } = from
  return [{ kind: 'stolen', who: idOf(by), from: idOf(actor), line, execution, environment: name, rule, why }]
}

function extension(was: Lifetime | null, { name, lifetime }: EnvironmentRecord): AuditEntry[] {
  const by = lifetime?.extendedBy.at(-1)
  if (!lifetime || !by || was?.execution !== lifetime.execution) return []
  if (was.extendedBy.length >= lifetime.extendedBy.length) return []
  const until = new Date(lifetime.endsAt).toISOString()
  return [{ kind: 'extended', who: idOf(by), environment: name, execution: lifetime.execution, until }]
}

function freezing(before: EnvironmentRecord | null, { name, freeze }: EnvironmentRecord): AuditEntry[] {
  const was = before?.freeze
  if (!freeze || (was?.at === freeze.at && was.until === freeze.until && was.ended?.at === freeze.ended?.at)) return []
  const { by, until, why, ended } = freeze
  if (ended) return [{ kind: 'unfrozen', who: idOf(ended.by), environment: name }]
  return [{ kind: 'frozen', who: idOf(by), environment: name, until: new Date(until).toISOString(), why }]
}
