import type { HomeView, KnownBlock } from '@slack/types'
import type { EnvironmentRecord } from '../../core/environment.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { outputOf } from '../../core/execution.ts'
import { frozenSettings, overviewLine } from '../../core/overview.ts'
import { readPlanOutput } from '../../core/report.ts'
import { targetText } from '../../core/target.ts'
import { fit } from '../limits.ts'
import { actions, context, listed, section } from './blocks.ts'
import { judgmentButtons, openLines } from './judgment.ts'
import { code, escape as escaped, link, people, plain } from './text.ts'
import { askedBy, statusLine, timeFrom } from './view.ts'

/** Slack's own limits of a view: twice the blocks of a message, and more text. */
const LIMITS = { blocks: 100, whole: 40_000 }
const MOST_JUDGMENTS = 30
const MOST_RUNS = 20
const MOST_ENVIRONMENTS = 30

/** What one person's home is made of; null for what he may not see. */
export type Home = {
  readonly judgments: readonly { readonly run: Execution; readonly stage: StageRun }[]
  readonly mine: readonly Execution[]
  readonly environments: readonly EnvironmentRecord[] | null
  /** Settings and how they stand: only those that are frozen are named. */
  readonly settings?: readonly EnvironmentRecord[]
  readonly alerts: readonly string[] | null
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
  readonly now: number
  readonly currency: string
  /** Address of a page, where people can reach one. */
  readonly pageAt: (path: string) => string | null
  /** Whether he may see the list of all executions. */
  readonly mayList: boolean
}

/** One person's home: what waits for him, with its buttons, what he asked for, and how the environments stand. */
export function homeBlocks(home: Home): HomeView {
  const { mine, environments, settings = [], alerts, commands, now, currency } = home
  const at = { now, currency }
  const lines = [...(environments ?? []).map((each) => overviewLine(each, at)), ...frozenSettings(settings, at)]
  const rows = lines.map((line) => people(line))
  const judgments = home.judgments.toSorted((one, other) => expiry(one) - expiry(other))
  const left = judgments.length - MOST_JUDGMENTS
  const all = home.mayList ? home.pageAt('/runs') : null
  const blocks: KnownBlock[] = [
    section('*Waiting for your judgment*', ...(judgments.length > 0 ? [] : ['Nothing waits for you.'])),
    ...judgments.slice(0, MOST_JUDGMENTS).flatMap((each) => judgmentBlocks(home, each)),
    ...(left > 0
      ? [context(`… +${left} more${all ? `: ${link(`${all}&status=waiting`, 'all that waits')}` : ''}`)]
      : []),
    section(
      '*Your executions*',
      ...orNone(
        listed(
          mine.map((run) => runLine(home, run)),
          MOST_RUNS,
        ),
        'None of yours is open.',
      ),
    ),
    ...(environments ? [section('*Environments*', ...orNone(listed(rows, MOST_ENVIRONMENTS), 'There are none.'))] : []),
    ...(alerts ? [section('*Alerts*', ...orNone(alerts, 'No alert is open.'))] : []),
    ...(all ? [context(link(all, 'All executions'))] : []),
    section('*What you may type* (after `/crew`)', ...orNone(commands.map(commandLine), 'Only `help`.')),
  ]
  return { type: 'home', blocks: fit({ text: 'Groundcrew', blocks }, LIMITS).blocks }
}

/** What expires first is asked for first. */
const expiry = ({ stage }: Home['judgments'][number]) => stage.dueAt ?? Number.POSITIVE_INFINITY

/** The buttons are those of the message, and do the same; withdrawing is for whoever asked. */
function judgmentBlocks(home: Home, { run, stage }: Home['judgments'][number]): KnownBlock[] {
  const { show, instructions } = stage.input
  const plan = typeof show === 'string' ? readPlanOutput(outputOf(run, show)) : null
  const until = stage.dueAt === null ? '' : `, until ${timeFrom(stage.dueAt, stage.startedAt ?? stage.dueAt)}`
  const buttons = judgmentButtons(run, stage).filter((each) => each.action_id !== 'judgment.withdraw')
  const lines = [
    `${runLine(home, run)}, ${askedBy(run)}${until}`,
    ...(typeof instructions === 'string' ? [`📋 ${plain(instructions, 300)}`] : []),
    ...(plan ? [plain(plan.headline)] : []),
    ...openLines(run, stage),
  ]
  return [section(...lines), ...actions(buttons)]
}

function runLine({ pageAt }: Home, run: Execution): string {
  const page = pageAt(`/runs/${run.id}`)
  const on = run.environment ? ` on ${plain(targetText(run.environment))}` : ''
  const under = run.glass?.length ? ', 🔓 under break glass' : ''
  return `${statusLine(run)} ${page ? link(page, run.id) : code(run.id)}${on}${under}`
}

const commandLine = ({ name, summary }: Home['commands'][number]) => `${code(name)} ${escaped(summary)}`

function orNone(lines: readonly string[], none: string): readonly string[] {
  return lines.length > 0 ? lines : [none]
}
