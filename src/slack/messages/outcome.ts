import { nameOf } from '../../core/actor.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver } from '../../core/execution.ts'
import type { Judgment } from '../../core/judgment.ts'
import { clock, judgmentText } from '../../core/judgment.ts'
import { targetText } from '../../core/target.ts'
import { listed } from './blocks.ts'
import { clean, code, escape as escaped, people, plain } from './text.ts'
import { foundLines } from './unknown.ts'

/** How many lines of an error are shown; the log in the thread has all of them. */
const ERROR_LINES = 6

/** How it ended or why it stands still, said before everything else; nothing while it simply goes on. */
export function outcomeLines(execution: Execution): string[] {
  const { ending, status, cancel, notes } = execution
  const last = notes.at(-1)
  if (ending === 'rejected') return rejections(execution)
  if (ending === 'expired') return failures(execution, (stage) => stage.kind === 'judgment')
  if (ending === 'superseded' || ending === 'left' || ending === 'withdrawn') return last ? [noteText(last.text)] : []
  if (status === 'unknown') return [...(cancel ? [cancelText(execution)] : []), ...unknowns(execution)]
  if (cancel) return [cancelText(execution), ...failures(execution, (stage) => stage.kind !== 'judgment')]
  return [...failures(execution, () => true), ...stoppingLines(execution)]
}

/** One stage failed, and what runs beside it is not let run on. */
function stoppingLines({ stages }: Execution): string[] {
  const stopping = stages.filter(({ state, stopped }) => state === 'running' && stopped && !stopped.late)
  if (stopping.length === 0) return []
  return [
    `${stopping.map(({ id }) => code(id)).join(', ')} is stopped because of that, and gets time to save its state.`,
  ]
}

/** `Approved by @U02BOB at 17:42 UTC`; what people wrote stands in code, so that it cannot pass for our own words. */
export function judgmentLine(judgment: Judgment): string {
  const { reason, fell, ...bare } = judgment
  const why = reason ? `: ${judgment.by.kind === 'lifetime' ? plain(reason) : code(reason, 500)}` : ''
  return `${people(judgmentText(bare))}${why}${fell ? ` (no longer counts: ${code(fell)})` : ''}`
}

/** Our words of a freeze, or nothing; then a person. */
const BY_WHOM = /^((?:[^`@]{0,200} is frozen until [^`@]{1,80} by )?)(@[UW][A-Z0-9]{2,20}(?=[ :]))?([\s\S]*)$/

/** A note of the execution: a person only where we put one, at its beginning or after a freeze; the rest may come from anywhere. */
export function noteText(text: string): string {
  const [, before = '', who = '', rest = ''] = BY_WHOM.exec(text) ?? []
  const flat = clean(rest).replace(/\s+/g, ' ')
  const safe = flat.split('`').length % 2 ? flat : flat.replaceAll('`', 'ʼ')
  return `${escaped(clean(before))}${people(who)}${escaped(safe)}`
}

function rejections({ judgments }: Execution): string[] {
  return judgments.filter(({ decision, fell }) => decision === 'rejected' && !fell).map(judgmentLine)
}

function cancelText(execution: Execution): string {
  const { cancel } = execution
  if (!cancel) return ''
  const who = nameOf(cancel.by)
  const why = cancel.why ? `: ${code(cancel.why)}` : ''
  if (isOver(execution)) return `${people(`Canceled by ${who} at ${clock(cancel.at)}`)}${why}`
  const asked = cancel.force ? 'asked for a forced stop' : 'asked to cancel it'
  if (execution.status === 'unknown') return `${people(`${who} ${asked} at ${clock(cancel.at)}`)}${why}.`
  const then = cancel.force ? 'The process is being killed.' : 'What runs is stopped and gets time to save its state.'
  return `${people(`${who} ${asked} at ${clock(cancel.at)}`)}${why}. ${then}`
}

function failures(execution: Execution, about: (stage: StageRun) => boolean): string[] {
  return execution.stages
    .filter((stage) => !stage.aside && about(stage))
    .flatMap((stage) => {
      if (stage.outcome?.kind !== 'failed') return []
      if (stage.kind === 'judgment') return [people(stage.outcome.error)]
      return [`${code(stage.id)} failed${MEANT[stage.onFailure] ?? ''}:`, ...errorLines(stage.outcome.error)]
    })
}

/** What became of the rest, where a failure did not end it. */
const MEANT: Readonly<Record<string, string>> = {
  'halt-branch': ', and what comes after it was left out; the other branches went on',
  'finish-then-fail': ', and what comes after it was left out; the other branches were finished',
  continue: ', and it was gone on from',
}

function errorLines(error: string): string[] {
  const lines = clean(error)
    .split('\n')
    .filter((line) => line.trim())
  return listed(
    lines.map((line) => code(line, 300)),
    ERROR_LINES,
  )
}

function unknowns(execution: Execution): string[] {
  const lost = execution.stages.flatMap((stage) =>
    stage.outcome?.kind === 'unknown' ? [{ stage, why: stage.outcome.why }] : [],
  )
  const lock =
    execution.lock === 'held'
      ? [
          `The lock on ${plain(targetText(execution.environment ?? 'it'))} is kept until somebody has looked and decided.`,
        ]
      : []
  return [
    ...lost.map(({ stage, why }) => `Nobody saw how ${code(stage.id)} ended: ${noteText(why)}`),
    `${lock.join('')}${lock.length ? ' ' : ''}Look before anything is run again.`,
    ...foundLines(execution),
  ]
}
