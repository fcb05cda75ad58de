import { spoken } from '../../core/duration.ts'
import type { Execution, StageRun, StageState } from '../../core/execution.ts'
import { clock } from '../../core/judgment.ts'
import { noteText } from './outcome.ts'
import { code, plain } from './text.ts'
import type { ExecutionView, Progress } from './view.ts'
import { timeFrom } from './view.ts'

const EMOJI: Readonly<Record<StageState, string>> = {
  pending: '▫️',
  ready: '⏳',
  running: '▶️',
  waiting: '✋',
  succeeded: '✅',
  failed: '❌',
  unknown: '❓',
  skipped: '⏭️',
  canceled: '🚫',
}

/** One line for each stage: emoji, name, state in words, when or how long. */
export function stageLines({ execution, progress }: ExecutionView): string[] {
  return execution.stages.map((stage) => {
    const again = stage.attempt > 1 ? ` (attempt ${stage.attempt})` : ''
    return `${EMOJI[stage.state]} ${code(stage.id)} ${stateText(execution, stage, progress)}${again}`
  })
}

function stateText(execution: Execution, stage: StageRun, progress: Progress | null): string {
  switch (stage.state) {
    case 'pending':
      return 'not started yet'
    case 'ready':
      return `waiting for a worker${since(stage.readyAt)}${stage.stuck ? `. ⚠️ ${noteText(stage.stuck)}` : ''}`
    case 'running':
      return `running${since(stage.startedAt)}${progressOf(stage, progress)}`
    case 'waiting':
      return `waiting for approval${stage.dueAt === null ? '' : ` until ${timeFrom(stage.dueAt, stage.startedAt ?? stage.dueAt)}`}`
    case 'succeeded':
      return stage.kind === 'judgment' ? 'approved' : `succeeded${took(stage, 'in')}`
    case 'failed':
      return failedText(execution, stage)
    case 'unknown':
      return 'unknown: nobody saw how it ended'
    case 'skipped':
    case 'canceled':
      return `${stage.state}${whyOf(stage)}`
  }
}

function failedText({ ending }: Execution, stage: StageRun): string {
  if (stage.kind !== 'judgment') return `failed${took(stage, 'after')}`
  return ending === 'rejected' || ending === 'expired' ? ending : 'not approved'
}

/** What waited for people had begun, so that `never started` would be wrong of it. */
function whyOf({ outcome, startedAt }: StageRun): string {
  if (outcome?.kind !== 'skipped' && outcome?.kind !== 'canceled') return ''
  return outcome.why && !(startedAt !== null && outcome.why === 'never started') ? `: ${plain(outcome.why)}` : ''
}

/** Only what was said since this start of the stage. */
function progressOf(stage: StageRun, progress: Progress | null): string {
  if (progress?.stage !== stage.id || !progress.text || progress.at < (stage.startedAt ?? 0)) return ''
  return `: ${plain(progress.text)}`
}

function since(at: number | null): string {
  return at === null ? '' : ` since ${clock(at)}`
}

function took({ startedAt, endedAt }: StageRun, word: string): string {
  return startedAt === null || endedAt === null ? '' : ` ${word} ${spoken(endedAt - startedAt)}`
}
