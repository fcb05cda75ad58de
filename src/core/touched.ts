import type { Execution } from './execution.ts'

/** Stages that only look: nothing is changed by them. */
const HARMLESS = [
  'release.choose',
  'drift',
  'kv.plan',
  'kv.drift',
  'kv.adopt',
  'terraform.plan',
  'judgment',
  'health',
  'wait',
  'load.target',
  'load.run',
  'load.report',
  'load.verdict',
  'packer.prepare',
]

/** Whether it may have changed anything. */
export function touched(execution: Pick<Execution, 'stages'>): boolean {
  return execution.stages.some((stage) => stage.startedAt !== null && !HARMLESS.includes(stage.kind))
}
