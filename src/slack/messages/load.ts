import type { KnownBlock } from '@slack/types'
import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver, outputOf } from '../../core/execution.ts'
import { clock } from '../../core/judgment.ts'
import type { LoadOutput, Row, Share } from '../../core/load/report.ts'
import {
  count,
  generatorsText,
  latencyText,
  loadHeadline,
  readLoadOutput,
  readPartOutput,
  rowsOf,
  verdictText,
} from '../../core/load/report.ts'
import { listed, section } from './blocks.ts'
import { code, plain } from './text.ts'
import type { ExecutionView } from './view.ts'
import { stagesOf } from './view.ts'

const MOST_SHARES = 10
const MOST_ERRORS = 4

/** What all generators together measured so far, while they run. */
export function loadingBlocks({ execution, load }: ExecutionView): KnownBlock[] {
  return load && !isOver(execution) ? [section(`📈 ${plain(load)}`)] : []
}

/** What a load test measured; where it was called off, what each generator had until then. */
export function loadBlocks(execution: Execution): KnownBlock[] {
  const reports = stagesOf(execution, 'load.report').flatMap((stage) => {
    const report = readLoadOutput(outputOf(execution, stage.id))
    return report ? [report] : []
  })
  if (reports.length > 0) return reports.flatMap(reportBlocks)
  const partial = stagesOf(execution, 'load.run').flatMap((stage) => partLine(execution, stage))
  return partial.length > 0 ? [section('*Measured until it was stopped*', ...listed(partial, MOST_SHARES))] : []
}

/** The load in a line, for the closing reply. */
export function loadLines(execution: Execution): string[] {
  return stagesOf(execution, 'load.report').flatMap((stage) => {
    const report = readLoadOutput(outputOf(execution, stage.id))
    return report ? [plain(loadHeadline(report)), ...missingLines(report)] : []
  })
}

function reportBlocks(report: LoadOutput): KnownBlock[] {
  const { plan, target, seconds } = report
  return [
    section(
      `*Load test ${plain(plan)}*: ${generatorsText(report)}, ${count(seconds)} s, ${code(target)}`,
      ...missingLines(report),
    ),
    section(...tableLines(rowsOf(report)), ...beforeLines(report)),
    ...(report.verdicts.length > 0
      ? [section(...report.verdicts.map((each) => `${each.passed ? '✅' : '❌'} ${plain(verdictText(each))}`))]
      : []),
    section(...errorLines(report), ...listed(report.shares.map(shareLine), MOST_SHARES)),
  ]
}

/** In columns, narrow enough for a phone. Each line is code of its own, with spaces that nothing joins: not all that shows messages knows blocks of code. */
function tableLines(rows: readonly Row[]): string[] {
  const compared = rows.some(({ before }) => before !== undefined)
  const lines = [
    ...(compared ? [['', 'now', 'before', '']] : []),
    ...rows.map(({ name, now, before = '', change = '' }) => (compared ? [name, now, before, change] : [name, now])),
  ]
  const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0))
  return lines.map((line) => {
    const cells = line.map((cell, at) => (at === 0 ? cell.padEnd(width(at)) : cell.padStart(width(at))))
    return `\`${cells.join('  ').replaceAll(' ', '\u00a0')}\``
  })
}

function beforeLines({ before }: LoadOutput): string[] {
  if (!before) return ['The first run of this plan: nothing to compare with.']
  const otherwise = before.otherwise ? `; then with ${before.otherwise}` : ''
  return [`Before: ${code(before.execution)} at ${clock(before.at)}${plain(otherwise)}`]
}

/** What passed was passed with less load than was asked for. */
function missingLines({ generators, wanted }: LoadOutput): string[] {
  if (generators === wanted) return []
  const lost = wanted - generators
  return [`⚠️ ${lost} of ${wanted} shares ${lost === 1 ? 'is' : 'are'} missing: the load was smaller than asked for.`]
}

function errorLines({ errors, failed, requests }: LoadOutput): string[] {
  if (failed === 0) return [`No errors in ${count(requests)} requests.`]
  const kinds = Object.entries(errors).sort(([, a], [, b]) => b - a)
  const shown = kinds.slice(0, MOST_ERRORS).map(([kind, times]) => `${code(kind)} ${count(times)}`)
  const more = kinds.length - shown.length
  return [`${count(failed)} errors: ${shown.join(', ')}${more > 0 ? ` … +${more} more kinds` : ''}`]
}

function shareLine({ stage, host, requests, throughput, p95, missing }: Share): string {
  if (missing === undefined)
    return `✅ ${code(stage)} on ${code(host)}: ${count(requests)} requests, ${count(throughput)}/s, p95 ${latencyText(p95)}`
  return `❌ ${code(stage)}: the generator on ${code(host)} died; its share is missing. ${plain(missing)}`
}

function partLine(execution: Execution, { id, worker }: StageRun): string[] {
  const part = readPartOutput(outputOf(execution, id))
  if (!part) return []
  return [`${code(id)} on ${code(worker?.host ?? '')}: ${plain(loadHeadline(part))}`]
}
