import type { KnownBlock } from '@slack/types'
import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver, outputOf } from '../../core/execution.ts'
import { readKvApply, readKvDrift, readKvPlan } from '../../core/kv/report.ts'
import { fileName, stageFile } from '../../core/stage/files.ts'
import { context, listed, section } from './blocks.ts'
import { code, people, plain } from './text.ts'
import { labelOf, stagesOf } from './view.ts'

/** How many changes are shown: all of them are in the file in the thread. */
const MOST_LINES = 12
const MOST_RISKY = 20
const MOST_AFTERWARDS = 5
const MOST_PARTS = 12
const MOST_CONFLICTS = 10

/** Settings: what a plan would change, how far an apply came, what was changed by hand. */
export function kvBlocks(execution: Execution): KnownBlock[] {
  return [
    ...stagesOf(execution, 'kv.apply').flatMap((stage) => applyBlocks(execution, stage)),
    ...stagesOf(execution, 'kv.plan').flatMap((stage) => planBlocks(execution, stage)),
    ...stagesOf(execution, 'kv.drift').flatMap((stage) => driftBlocks(execution, stage)),
    ...stagesOf(execution, 'kv.adopt').flatMap((stage) => driftBlocks(execution, stage)),
  ]
}

/** The same for the closing reply. */
export function kvLines(execution: Execution): string[] {
  const applies = stagesOf(execution, 'kv.apply')
  const applied = applies.flatMap((stage) => {
    if (stage.state === 'skipped') return skippedLine(execution)
    const output = readKvApply(outputOf(execution, stage.id))
    return output ? [plain(output.headline, 500)] : []
  })
  const looks = [...stagesOf(execution, 'kv.drift'), ...stagesOf(execution, 'kv.adopt')].flatMap((stage) => {
    const output = readKvDrift(outputOf(execution, stage.id))
    return output ? [people(output.headline)] : []
  })
  const plans =
    applies.length > 0 ? [] : stagesOf(execution, 'kv.plan').flatMap((stage) => headlineOf(execution, stage))
  return [...applied, ...looks, ...plans]
}

/** Where there was nothing to write, the plan says why. */
function skippedLine(execution: Execution): string[] {
  if (execution.status !== 'succeeded') return []
  return stagesOf(execution, 'kv.plan').flatMap((stage) => headlineOf(execution, stage))
}

function headlineOf(execution: Execution, stage: StageRun): string[] {
  const plan = readKvPlan(outputOf(execution, stage.id))
  return plan ? [plain(plan.headline, 500)] : []
}

function planBlocks(execution: Execution, stage: StageRun): KnownBlock[] {
  const plan = readKvPlan(outputOf(execution, stage.id))
  if (!plan) return []
  // Once it is written the report says the rest; where nothing is to be written, the plan is what was asked for.
  const over = isOver(execution) && stagesOf(execution, 'kv.apply').length > 0
  const risky = Math.min(plan.risky, plan.lines.length)
  const most = over ? Math.min(risky, MOST_AFTERWARDS) : Math.max(Math.min(risky, MOST_RISKY), MOST_LINES)
  const shown = plan.lines.slice(0, most).map((line, at) => `${at < risky ? '⚠️' : '•'} ${code(line, 300)}`)
  const left = plan.lines.length - shown.length + plan.more
  const file = fileName(stageFile(stage, 'kv-plan.txt'), stage.attempt)
  const more = left > 0 && (shown.length > 0 || !over) ? [`… +${left} more in the thread's ${file}`] : []
  const loudly = plan.loudly.map((line) => `🚨 *More than half of a prefix would go*: ${plain(line)}`)
  const note = plan.note ? [`📌 ${plain(plan.note, 600)}`] : []
  const parts = over
    ? []
    : listed(
        plan.parts.map((line) => `▫️ ${plain(line, 600)}`),
        MOST_PARTS,
      )
  const source = [
    plan.digest && `plan ${code(plan.digest.slice(0, 12))}`,
    plan.commit && `commit ${code(plan.commit.slice(0, 20))}`,
  ]
  return [
    section(`${labelOf(stage)}*${plain(plan.headline, 500)}*`, ...loudly, ...note, ...shown, ...more),
    ...(parts.length > 0 ? [section(...parts)] : []),
    ...(source.some(Boolean) ? [context(source.filter(Boolean).join(' · '))] : []),
  ]
}

function applyBlocks(execution: Execution, stage: StageRun): KnownBlock[] {
  const apply = readKvApply(outputOf(execution, stage.id))
  if (!apply) return []
  const parts = listed(
    apply.parts.map((line) => `▫️ ${plain(line, 600)}`),
    MOST_PARTS,
  )
  const conflicts = listed(
    apply.conflicts.map((line) => `⚔️ ${code(line, 400)}`),
    MOST_CONFLICTS,
    apply.more,
  )
  return [
    section(`${labelOf(stage)}*${plain(apply.headline, 500)}*`, ...parts),
    ...(conflicts.length > 0 ? [section('*In conflict, and not overwritten*', ...conflicts)] : []),
  ]
}

function driftBlocks(execution: Execution, stage: StageRun): KnownBlock[] {
  const drift = readKvDrift(outputOf(execution, stage.id))
  if (!drift) return []
  const lines = listed(
    drift.lines.map((line) => `• ${code(line, 400)}`),
    MOST_RISKY,
    drift.more,
  )
  const parts = listed(
    drift.parts.map((line) => `▫️ ${plain(line, 400)}`),
    MOST_PARTS,
  )
  return [section(`🌊 ${people(drift.headline)}`, ...lines), ...(parts.length > 0 ? [context(...parts)] : [])]
}
