import { spoken } from '../../core/duration.ts'
import type { Execution, StageRun, StageState } from '../../core/execution.ts'
import { clock } from '../../core/judgment.ts'
import type { Progress } from '../../engine/progress.ts'
import { noteText } from './outcome.ts'
import { isHidden } from './release.ts'
import { code, plain } from './text.ts'
import type { ExecutionView } from './view.ts'
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

/** This many stages in a row of which nothing else is to be said share a line, so that a release fits on a phone. */
const MANY = 5

/** One line for each stage: emoji, name, state in words, when or how long. */
export function stageLines({ execution, progress }: ExecutionView): string[] {
  const shown = execution.stages.filter((stage) => !isHidden(stage))
  return runsOf(execution, shown, progress).flatMap(({ state, text, ids }) => {
    const names = ids.length < MANY ? ids.map((id) => [id]) : [ids]
    return names.map((some) => `${EMOJI[state]} ${some.map((id) => code(id)).join(', ')} ${text}`)
  })
}

type Run = { readonly state: StageState; readonly text: string; readonly ids: string[] }

/** Neighbours of which the same is said; only what has not begun and what never will can be so. */
function runsOf(execution: Execution, stages: readonly StageRun[], progress: readonly Progress[]): Run[] {
  const runs: Run[] = []
  for (const stage of stages) {
    const { id, state, attempt } = stage
    const text = `${stateText(execution, stage, progress)}${attempt > 1 ? ` (attempt ${attempt})` : ''}`
    const last = runs.at(-1)
    const joins = (state === 'pending' || state === 'skipped') && last?.state === state && last.text === text
    if (joins) last.ids.push(id)
    else runs.push({ state, text, ids: [id] })
  }
  return runs
}

function stateText(execution: Execution, stage: StageRun, progress: readonly Progress[]): string {
  switch (stage.state) {
    case 'pending':
      return 'not started yet'
    case 'ready':
      return `waiting for a worker${since(stage.readyAt)}${stage.stuck ? `. ⚠️ ${noteText(stage.stuck)}` : ''}`
    case 'running':
      return `running${since(stage.startedAt)}${progressOf(stage, progress)}`
    case 'waiting':
      return `waiting${stage.kind === 'wait' ? '' : ' for approval'}${stage.dueAt === null ? '' : ` until ${timeFrom(stage.dueAt, stage.startedAt ?? stage.dueAt)}`}`
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
function progressOf(stage: StageRun, progress: readonly Progress[]): string {
  const word = progress.find((each) => each.stage === stage.id)
  if (!word?.text || word.at < (stage.startedAt ?? 0)) return ''
  return `: ${plain(word.text)}`
}

function since(at: number | null): string {
  return at === null ? '' : ` since ${clock(at)}`
}

function took({ startedAt, endedAt }: StageRun, word: string): string {
  return startedAt === null || endedAt === null ? '' : ` ${word} ${spoken(endedAt - startedAt)}`
}
