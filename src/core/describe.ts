import { spoken } from './duration.ts'
import type { Execution, StageRun } from './execution.ts'
import { stageOf } from './execution.ts'
import { clock, judgmentText, peopleText, rolesText } from './judgment.ts'
import { loadHeadline, readLoadOutput } from './load/report.ts'
import { stepText } from './promotion.ts'
import { programText, readApplyOutput, readPlanOutput } from './report.ts'

/** An execution stage by stage, in lines: what `runs show` answers. */
export function describeRun(run: Execution): string[] {
  const askers = run.askers.length > 1 ? [`Counts as asked by ${peopleText(run.askers)}`] : []
  const cancel = run.cancel
    ? [`Cancel asked at ${clock(run.cancel.at)}${run.cancel.why ? `: ${run.cancel.why}` : ''}`]
    : []
  const promotion = run.promotion ? [`It is ${stepText(run.promotion)}.`] : []
  const stages = run.stages.flatMap((stage) => describeStage(run, stage))
  const notes = run.notes.map((note) => `${clock(note.at)} ${note.text}`)
  const under = run.glass ? [`Asked for under break glass ${rolesText(run.glass.map(({ id }) => id))}`] : []
  return [...promotion, ...under, ...askers, ...cancel, ...stages, ...run.judgments.map(judgmentText), ...notes]
}

function describeStage(run: Execution, stage: StageRun): string[] {
  const took = stage.startedAt && stage.endedAt ? ` in ${spoken(stage.endedAt - stage.startedAt)}` : ''
  const tries = stage.attempt > 1 ? ` (start ${stage.attempt})` : ''
  const where = stage.worker ? ` on ${stage.worker.host}` : ''
  const line = `• \`${stage.id}\` *${stage.state}*${took}${tries}${where}${whyOf(stage)}`
  const output = stageOf(run, stage.id)?.outcome
  const fields = output && 'output' in output ? (output.output ?? null) : null
  const plan = stage.kind === 'terraform.plan' ? readPlanOutput(fields) : null
  if (plan) return [line, `   ${plan.headline} Digest \`${plan.digest.slice(0, 12)}\`, ${programText(plan)}`]
  const load = stage.kind === 'load.report' ? readLoadOutput(fields) : null
  if (load) return [line, `   ${loadHeadline(load)}`]
  const apply = stage.kind === 'terraform.apply' ? readApplyOutput(fields) : null
  return apply ? [line, `   ${apply.headline}`] : [line]
}

function whyOf({ outcome }: StageRun): string {
  if (outcome?.kind === 'failed') return `: ${outcome.error}`
  return outcome && outcome.kind !== 'succeeded' ? `: ${outcome.why}` : ''
}
