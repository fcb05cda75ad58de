import type { KnownBlock } from '@slack/types'
import type { Execution } from '../../core/execution.ts'
import { fileName, isOver, outputOf } from '../../core/execution.ts'
import type { PlanOutput } from '../../core/report.ts'
import { readPlanOutput } from '../../core/report.ts'
import { context, section } from './blocks.ts'
import { code, plain } from './text.ts'
import { stagesOf } from './view.ts'

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
    return [
      section(
        `*${plain(plan.headline, 500)}*`,
        ...changeLines(plan, isOver(execution), fileName('plan.txt', stage.attempt)),
      ),
      ...(details.length > 0 && !isOver(execution) ? [section(...details)] : []),
      ...(plan.digest ? [context(sourceLine(plan))] : []),
    ]
  })
}

/** What a judgment waits for, for the notification: there only one line is seen. */
export function planWaiting(execution: Execution): string {
  const waiting = execution.stages.find(({ state }) => state === 'waiting')
  const show = waiting?.input.show
  const plan = typeof show === 'string' ? readPlanOutput(outputOf(execution, show)) : null
  return plan ? `. ${plain(plan.headline)}` : ''
}

function changeLines(plan: PlanOutput, over: boolean, file: string): string[] {
  const risky = Math.min(plan.risky, plan.lines.length)
  const wanted = over ? Math.min(risky, MOST_AFTERWARDS) : Math.max(Math.min(risky, MOST_RISKY), MOST_LINES)
  const shown = plan.lines.slice(0, wanted)
  const left = plan.lines.length - shown.length + plan.more
  const lines = shown.map((line, at) => `${at < risky ? '⚠️' : '•'} ${code(line)}`)
  return left > 0 && (lines.length > 0 || !over) ? [...lines, `… +${left} more in the thread's ${file}`] : lines
}

function variablesLine({ variables }: PlanOutput): string[] {
  const all = Object.entries(variables).map(([name, value]) => code(`${name} = ${value}`, 80))
  return all.length > 0 ? [`With ${few(all)}`] : []
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
    plan.terraform && `Terraform ${plain(plan.terraform)}`,
  ]
  return parts.filter(Boolean).join(' · ')
}
