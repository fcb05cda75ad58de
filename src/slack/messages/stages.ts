import { spoken } from '../../core/duration.ts'
import type { Execution, StageRun, StageState } from '../../core/execution.ts'
import { clock } from '../../core/judgment.ts'
import { lastSign } from '../../core/signs.ts'
import { childLink, childText } from './nested.ts'
import { noteText } from './outcome.ts'
import { isHidden } from './release.ts'
import { clean, code, plain } from './text.ts'
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
export function stageLines(view: ExecutionView): string[] {
  const shown = view.execution.stages.filter((stage) => !isHidden(stage))
  return runsOf(view, shown).flatMap(({ state, text, ids }) => {
    const names = ids.length < MANY ? ids.map((id) => [id]) : [ids]
    return names.map((some) => `${EMOJI[state]} ${some.map((id) => code(id)).join(', ')} ${text}`)
  })
}

type Run = { readonly state: StageState; readonly text: string; readonly ids: string[] }

/** Neighbours of which the same is said; only what has not begun and what never will can be so. */
function runsOf(view: ExecutionView, stages: readonly StageRun[]): Run[] {
  const runs: Run[] = []
  for (const stage of stages) {
    const { id, state, attempt } = stage
    const text = `${stateText(view, stage)}${attempt > 1 ? ` (attempt ${attempt})` : ''}`
    const last = runs.at(-1)
    const joins = (state === 'pending' || state === 'skipped') && last?.state === state && last.text === text
    if (joins) last.ids.push(id)
    else runs.push({ state, text, ids: [id] })
  }
  return runs
}

function stateText(view: ExecutionView, stage: StageRun): string {
  switch (stage.state) {
    case 'pending':
      return 'not started yet'
    case 'ready':
      if (stage.tries && (stage.readyAt ?? 0) > (stage.tries.at(-1)?.at ?? 0)) return retryText(stage)
      return `waiting for a worker${since(stage.readyAt)}${stage.stuck ? `. ⚠️ ${noteText(stage.stuck)}` : ''}`
    case 'running':
      return `running${since(stage.startedAt)}${childText(view.related, stage)}${signText(view, stage)}${stoppedText(stage)}`
    case 'waiting':
      if (stage.held) return `waiting: ${noteText(stage.held.text)}`
      return `waiting${stage.kind === 'wait' ? '' : ' for approval'}${stage.dueAt === null ? '' : ` until ${timeFrom(stage.dueAt, stage.startedAt ?? stage.dueAt)}`}`
    case 'succeeded':
      if (stage.kind === 'judgment') return approvedText(stage)
      return `succeeded${took(stage, 'in')}${childLink(view.related, stage)}`
    case 'failed':
      return `${failedText(view.execution, stage)}${childLink(view.related, stage)}`
    case 'unknown':
      return 'unknown: nobody saw how it ended'
    case 'skipped':
    case 'canceled':
      return `${stage.state}${whyOf(stage)}`
  }
}

function failedText({ ending }: Execution, stage: StageRun): string {
  if (stage.kind !== 'judgment') return `failed${took(stage, 'after')}${MEANS[stage.onFailure] ?? ''}`
  const output = stage.outcome?.kind === 'failed' ? stage.outcome.output : undefined
  const word = output?.expired === true ? 'expired' : 'not approved'
  return `${ending === 'rejected' || ending === 'expired' ? ending : word}${MEANS[stage.onFailure] ?? ''}`
}

function approvedText({ outcome }: StageRun): string {
  const choice = outcome?.kind === 'succeeded' ? outcome.output.choice : undefined
  return typeof choice === 'string' ? `approved with ${code(choice)}` : 'approved'
}

/** What waited for people had begun, so that `never started` would be wrong of it. */
function whyOf({ outcome, startedAt }: StageRun): string {
  if (outcome?.kind !== 'skipped' && outcome?.kind !== 'canceled') return ''
  return outcome.why && !(startedAt !== null && outcome.why === 'never started') ? `: ${noteText(outcome.why)}` : ''
}

/** What a failure means that does not end the execution. */
const MEANS: Readonly<Record<string, string>> = {
  'halt-branch': '; only its branch ends',
  'finish-then-fail': '; the rest is finished, then it fails',
  continue: '; gone on from',
}

/** Which try comes when, and why the last one failed. */
function retryText({ tries = [], retry, readyAt }: StageRun): string {
  const last = tries.at(-1)
  const which = `try ${tries.length + 1} of ${(retry?.times ?? tries.length) + 1}`
  return `${which} at ${clock(readyAt ?? last?.at ?? 0)}${last ? `, after ${code(clean(last.error).split('\n')[0] ?? '', 160)}` : ''}`
}

/** Why it is being stopped, though nobody canceled. */
function stoppedText({ stopped }: StageRun): string {
  if (!stopped) return ''
  const how = stopped.force ? 'being killed' : 'being stopped'
  return `. 🛑 ${how} since ${clock(stopped.at)}: ${noteText(stopped.why)}`
}

/** Only what was said since this start of the stage; where that is long ago, how long. */
function signText({ progress, now, quietAfter }: ExecutionView, stage: StageRun): string {
  const sign = lastSign(stage, progress)
  const word = sign?.text ? plain(sign.text) : ''
  if (!sign || now === undefined || quietAfter === undefined || now - sign.at < quietAfter) return word && `: ${word}`
  const ago = `${Math.floor((now - sign.at) / 60_000)} min ago`
  const where = sign.where ? `${plain(sign.where)} (${word})` : word
  return where ? `. ⚠️ last sign of life ${ago}, in ${where}` : `. ⚠️ no sign of life since it began ${ago}`
}

function since(at: number | null): string {
  return at === null ? '' : ` since ${clock(at)}`
}

function took({ startedAt, endedAt }: StageRun, word: string): string {
  return startedAt === null || endedAt === null ? '' : ` ${word} ${spoken(endedAt - startedAt)}`
}
