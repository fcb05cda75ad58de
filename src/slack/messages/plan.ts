import type { KnownBlock } from '@slack/types'
import { rateChange } from '../../core/cost.ts'
import type { Execution } from '../../core/execution.ts'
import { isOver, outputOf } from '../../core/execution.ts'
import type { PlanOutput } from '../../core/report.ts'
import { programText, readPlanOutput } from '../../core/report.ts'
import { fileName, stageFile } from '../../core/stage/files.ts'
import { context, listed, section } from './blocks.ts'
import { code, plain } from './text.ts'
import { labelOf, stagesOf } from './view.ts'

/** How many changes are shown: all of them are in the thread's plan.txt. */
const MOST_LINES = 12
const MOST_RISKY = 20
const MOST_AFTERWARDS = 5
const MOST_NAMES = 8

/** What would change, risky things first; once it is over only the risky ones, since the result says the rest. */
export function planBlocks(execution: Execution): KnownBlock[] {
  return stagesOf(execution, 'terraform.plan').flatMap((stage) => {
    const plan = readPlanOutput(outputOf(execution, stage.id))
    if (!plan) return []
    const details = [...variablesLine(plan), ...driftLine(plan)]
    const change = [...changedLine(plan), ...droppedLine(plan), ...costLine(plan)]
    return [
      section(
        `${labelOf(stage)}*${plain(plan.headline, 500)}*`,
        ...changeLines(plan, isOver(execution), fileName(stageFile(stage, 'plan.txt'), stage.attempt)),
      ),
      ...(plan.moved.length > 0 ? [section(...movedLines(plan))] : []),
      ...(change.length > 0 ? [section(...change)] : []),
      ...(details.length > 0 && !isOver(execution) ? [section(...details)] : []),
      ...(plan.digest ? [context(sourceLine(plan))] : []),
    ]
  })
}

/** What a judgment waits for, for the notification: there only one line is seen. */
export function planWaiting(execution: Execution): string {
  const waiting = execution.stages.find(({ kind, state }) => state === 'waiting' && kind === 'judgment')
  const show = waiting?.input.show
  const plan = typeof show === 'string' ? readPlanOutput(outputOf(execution, show)) : null
  if (!plan) return ''
  const asked = waiting?.input.evenIfEmpty === true && !plan.needsApply
  return asked ? '. Terraform has nothing to do; what follows is what is approved' : `. ${plain(plan.headline)}`
}

function changeLines(plan: PlanOutput, over: boolean, file: string): string[] {
  const risky = Math.min(plan.risky, plan.lines.length)
  const wanted = over ? Math.min(risky, MOST_AFTERWARDS) : Math.max(Math.min(risky, MOST_RISKY), MOST_LINES)
  const shown = plan.lines.slice(0, wanted)
  const left = plan.lines.length - shown.length + plan.more
  const lines = shown.map((line, at) => `${at < risky ? '⚠️' : '•'} ${code(line)}`)
  return left > 0 && (lines.length > 0 || !over) ? [...lines, `… +${left} more in the thread's ${file}`] : lines
}

/** `size small → medium, app_count 2 → 5`: how it differs from what runs. */
function changedLine({ sizes, changed }: PlanOutput): string[] {
  const size = sizes ? [code(`size ${sizes.from ?? 'none'} → ${sizes.to ?? 'none'}`)] : []
  const values = changed.map(({ name, from, to }) => code(`${name} ${seen(from)} → ${seen(to)}`, 120))
  const all = [...size, ...values]
  return all.length > 0 ? [`🔀 ${few(all)}`] : []
}

/** What people had chosen went with the environment, and whoever brings it up again may not know. */
function droppedLine({ dropped }: PlanOutput): string[] {
  const values = dropped.map(({ name, from, to }) => `${code(`${name} ${seen(from)}`, 120)}, now ${code(seen(to), 80)}`)
  return values.length > 0 ? [`🧹 Chosen before it was taken down, and not kept: ${few(values)}`] : []
}

function costLine({ cost }: PlanOutput): string[] {
  const words = cost && rateChange(cost.before, cost.after, cost.currency)
  return words ? [`💰 ${plain(words)}`] : []
}

function movedLines({ moved, movedMore }: PlanOutput): string[] {
  return listed(
    moved.map((line) => `🌊 ${code(line, 400)}`),
    MOST_LINES,
    movedMore,
  )
}

function variablesLine({ variables }: PlanOutput): string[] {
  const all = Object.entries(variables).map(([name, value]) => code(`${name} = ${seen(value)}`, 80))
  return all.length > 0 ? [`With ${few(all)}`] : []
}

/** An empty text is a value like any other, and has to be seen. */
function seen(value: string | number | boolean | null): string {
  if (value === null) return 'not set'
  return value === '' ? '""' : String(value)
}

function driftLine({ drift }: PlanOutput): string[] {
  return drift.length > 0 ? [`🌊 Changed outside Terraform: ${few(drift.map((address) => code(address, 120)))}`] : []
}

function few(items: readonly string[]): string {
  const left = items.length - MOST_NAMES
  return `${items.slice(0, MOST_NAMES).join(', ')}${left > 0 ? ` … +${left} more` : ''}`
}

/** What an approval is about, short: enough to compare two plans by eye. */
function sourceLine(plan: PlanOutput): string {
  const parts = [
    `plan ${code(plan.digest.slice(0, 12))}`,
    plan.commit && `commit ${code(plan.commit.slice(0, 7))}`,
    plan.workspace && plan.workspace !== 'default' && `workspace ${code(plan.workspace)}`,
    plan.source && plain(plan.source, 200),
    plan.varFiles.length > 0 &&
      `variables of ${few(plan.varFiles.map(({ name, sha256 }) => `${code(name, 80)} ${code(sha256.slice(0, 7))}`))}`,
    plan.terraform && plain(programText(plan)),
  ]
  return parts.filter(Boolean).join(' · ')
}
