import type { Execution, StageRun } from './execution.ts'
import { isOver } from './execution.ts'

/** The status in a word or two, as the first line of a message says it. */
export function wordOf(execution: Execution): string {
  if (isOver(execution) && JUDGED.includes(execution.ending ?? '')) return String(execution.ending)
  if (isOver(execution) || execution.status === 'unknown' || execution.status === 'queued') return execution.status
  if (execution.cancel) return execution.cancel.force ? 'stopping by force' : 'canceling'
  if (execution.stages.some(({ state, stopped }) => state === 'running' && stopped && !stopped.late)) return 'stopping'
  const stage = currentStage(execution)
  if (stage?.state === 'waiting' && stage.held) return stage.held.by === 'freeze' ? 'frozen' : 'outside its window'
  if (stage?.state === 'waiting') return stage.kind === 'wait' ? 'waiting' : 'waiting for approval'
  return (stage && WORDS[stage.kind]) ?? 'running'
}

/** How a judgment ended it, said instead of the status. */
const JUDGED = ['rejected', 'expired', 'withdrawn']

/** What a running stage of a kind is called; a kind that is not here is simply `running`. */
const WORDS: Record<string, string> = {
  'terraform.plan': 'planning',
  'terraform.apply': 'applying',
  health: 'applying',
  'release.choose': 'planning',
  'release.canary': 'switching',
  'release.switch': 'switching',
  'release.drain': 'draining',
  'release.restore': 'returning',
  'packer.build': 'baking',
  'kv.plan': 'planning',
  'kv.apply': 'applying',
  'load.run': 'loading',
}

/** The stage that the words of a message are about: the one that runs, waits or is next. */
export function currentStage(execution: Execution): StageRun | undefined {
  const moving = execution.stages.find(({ state }) => state === 'running' || state === 'waiting' || state === 'ready')
  return moving ?? execution.stages.find(({ state }) => state === 'unknown' || state === 'failed')
}
