import { spoken } from '../duration.ts'
import type { Execution } from '../execution.ts'
import { isOver, outputOf } from '../execution.ts'
import { dayAndClock } from '../judgment.ts'
import { wordOf } from '../status-word.ts'
import { targetText } from '../target.ts'
import type { Deed } from './deeds.ts'
import type { Glass, Look } from './glass.ts'

/** A deed with how it stands, in a word or two. */
export type DeedView = Deed & { readonly outcome: string; readonly open: boolean }

/** A look for drift: what it found in a line; null while it has not. */
export type LookView = { readonly target: string; readonly execution: string | null; readonly found: string | null }

/** All that the messages of one break glass are made of. */
export type GlassView = {
  readonly glass: Glass
  readonly deeds: readonly DeedView[]
  readonly looks: readonly LookView[] | null
  /** The addresses of messages of executions, where they have one. */
  readonly linkOf: (execution: string) => string | undefined
}

type Executions = ReadonlyMap<string, Execution>

export function deedView(deed: Deed, executions: Executions): DeedView {
  const execution = deed.execution === null ? undefined : executions.get(deed.execution)
  const open = execution !== undefined && !isOver(execution) && deed.decision !== 'rejected'
  return { ...deed, open, outcome: outcomeOf(deed, execution) }
}

function outcomeOf({ refused, decision, execution: id }: Deed, execution: Execution | undefined): string {
  if (refused !== null) return 'refused'
  const stands = execution ? wordOf(execution) : id === null ? 'answered' : 'forgotten since'
  return decision ? `${decision}, it is ${stands}` : stands
}

export function lookView({ target, execution: id, why }: Look, executions: Executions): LookView {
  const view = { target, execution: id }
  if (id === null) return { ...view, found: `nobody looked: ${why}` }
  const execution = executions.get(id)
  if (!execution) return { ...view, found: 'its look is forgotten since' }
  if (!isOver(execution)) return { ...view, found: null }
  return { ...view, found: headlineOf(execution) }
}

function headlineOf(execution: Execution): string {
  for (const { id } of execution.stages.toReversed()) {
    const headline = outputOf(execution, id)?.headline
    if (execution.status === 'succeeded' && typeof headline === 'string') return headline.replaceAll('*', '')
  }
  return `the look itself is ${wordOf(execution)} and found nothing out`
}

/** How long it held, once it ended. */
export function heldText({ from, ended }: Glass): string {
  return ended ? spoken(Math.max(ended.at - from, 1000)) : ''
}

/** All of a summary as plain text: what is too long for a message. */
export function summaryText({ glass, deeds, looks }: GlassView): string {
  const { id, role, gives, by, why, from, ended } = glass
  const how = ended?.by ? `by hand` : 'when its time was over'
  const lines = deeds.map(({ at, what, execution, refused, outcome }) => {
    const about = execution ? ` (${execution})` : ''
    return `${dayAndClock(at)}  ${what}${about}: ${outcome}${refused === null ? '' : `: ${refused}`}`
  })
  return [
    `Break glass ${id}: ${role} (${gives.join(', ')}) of ${by.team}/${by.user}`,
    `Why: ${why}`,
    `From ${dayAndClock(from)} for ${heldText(glass)}; it ended ${how}.`,
    '',
    `Done under it: ${deeds.length}`,
    ...lines,
    '',
    'Drift that it left behind:',
    ...lookLines(looks ?? []),
    '',
  ].join('\n')
}

/** A line for each target that was changed under it. */
export function lookLines(looks: readonly LookView[]): string[] {
  if (looks.length === 0) return ['Nothing was changed under it.']
  return looks.map(({ target, execution, found }) => {
    const text = found ?? 'looked for now, or when its lock is free'
    return `${targetText(target)}${execution ? ` (${execution})` : ''}: ${text}`
  })
}
