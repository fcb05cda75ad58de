import type { Registry as RegistryType } from 'prom-client'
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { endsBetween } from '../core/ends.ts'
import type { Execution } from '../core/execution.ts'

/** From a tenth of a second to a day: a plan takes seconds, and an approval hours. */
const SECONDS = [0.1, 0.5, 1, 5, 15, 30, 60, 180, 600, 1800, 3600, 10_800, 36_000, 86_400]
const CALL_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** What one process did since it began, in Prometheus' terms. Every process counts what it stored itself, so that sums are right. */
export type Metrics = {
  readonly registry: RegistryType
  /** One change of an execution that this process stored. */
  changed(before: Execution | null, after: Execution): void
  /** One call to Slack: `limited` where Slack said that it is too many. */
  called(method: string, result: 'answered' | 'limited' | 'failed', seconds: number): void
}

/** Counters of this process, and those that prom-client knows of any Node process. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const started = new Counter({
    ...{ name: 'groundcrew_executions_started_total', registers, labelNames: ['command'] as const },
    help: 'Executions that this process stored, by command.',
  })
  const ended = new Histogram({
    ...{ name: 'groundcrew_execution_seconds', registers, labelNames: ['command', 'status'] as const },
    help: 'From the request to the end, of executions whose end this process stored.',
    buckets: SECONDS,
  })
  const stages = new Histogram({
    ...{ name: 'groundcrew_stage_seconds', registers, labelNames: ['kind', 'outcome'] as const },
    help: 'From start to end, of stages whose end this process stored; what never began counts with 0 seconds.',
    buckets: SECONDS,
  })
  const calls = new Histogram({
    ...{ name: 'groundcrew_slack_call_seconds', registers, labelNames: ['method', 'result'] as const },
    help: 'Calls to Slack by method and result: answered, limited (429) or failed.',
    buckets: CALL_SECONDS,
  })
  return {
    registry,
    changed(before, after) {
      const { command } = after
      if (!before) started.inc({ command })
      const ends = endsBetween(before, after)
      if (ends.execution) ended.observe({ command, status: ends.execution.status }, ends.execution.took / 1000)
      for (const { kind, outcome, took } of ends.stages) stages.observe({ kind, outcome }, (took ?? 0) / 1000)
    },
    called: (method, result, seconds) => calls.observe({ method, result }, seconds),
  }
}
