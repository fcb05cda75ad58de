import { nameOfId } from '../../core/actor.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { outputOf } from '../../core/execution.ts'
import { readApplyOutput } from '../../core/report.ts'
import { touched } from '../../core/touched.ts'
import type { Outcome } from '../../core/workflow.ts'
import type { Message } from '../limits.ts'
import { afterBake, bakeLines } from './bake.ts'
import { finished, section } from './blocks.ts'
import { kvLines } from './kv.ts'
import { lifetimeLine } from './lifetime.ts'
import { loadLines } from './load.ts'
import { outcomeLines } from './outcome.ts'
import { promotionLines } from './promotion.ts'
import { releaseLines } from './release.ts'
import { healthLines, nextStep } from './results.ts'
import { code, people, plain } from './text.ts'
import type { ExecutionView } from './view.ts'
import { stagesOf, standsStill, statusLine, tookText, unbold } from './view.ts'

/** The one reply when it ended or stands at unknown: edits notify nobody, this does. Null while it goes on. */
export function closingReply(view: ExecutionView): Message | null {
  const { execution } = view
  if (!standsStill(execution)) return null
  const first = `${statusLine(execution)}${tookText(execution)}${mentions(execution)}`
  const counts = releaseLines(execution).length > 0 ? [] : countLines(execution)
  const lines = [...outcomeLines(execution), ...counts, ...afterwards(view), ...promotionLines(view)]
  const { id, version } = execution
  const text = [unbold(first), ...lines.slice(0, 1)].join('\n')
  return finished(
    { text, blocks: [section(first, ...lines)] },
    { first: `closing-${id}-v${version}`, prefix: `c-${id}-${version}` },
  )
}

/** Everybody in Slack who asked for it. */
function mentions({ askers }: Execution): string {
  const names = askers.map(nameOfId).filter((name) => name.startsWith('@'))
  return names.length > 0 ? people(`, ${names.join(' ')}`) : ''
}

/** How far an apply came that did not end well, in numbers; the lists stand in the message itself. */
function countLines(execution: Execution): string[] {
  if (execution.status === 'succeeded') return []
  return stagesOf(execution, 'terraform.apply').flatMap((stage) => {
    const apply = readApplyOutput(outputOf(execution, stage.id))
    return apply ? [plain(apply.headline)] : []
  })
}

function afterwards(view: ExecutionView): string[] {
  const { execution } = view
  if (execution.status === 'succeeded') return successLines(view)
  const release = releaseLines(execution)
  if (release.length > 0 && execution.status !== 'unknown') return release
  const next = nextStep(execution)
  if (next) return [`*Next*: ${next}`]
  const bake = afterBake(execution)
  if (bake) return [...bakeLines(execution), `*Next*: ${bake}`]
  if (execution.status === 'unknown') {
    const terraform = execution.stages.some(({ kind, state }) => state === 'unknown' && kind.startsWith('terraform.'))
    const look = terraform ? 'whether Terraform still runs' : 'what it has done'
    return [`*Next*: see ${code(`runs show ${execution.id}`)}, the log in this thread, and ${look}.`]
  }
  const unchanged = touched(execution) ? '' : 'Nothing was changed. '
  return [
    ...loadLines(execution),
    ...bakeLines(execution),
    ...kvLines(execution),
    `${unchanged}*Next*: ${nextOf(execution)}`,
  ]
}

function successLines(view: ExecutionView): string[] {
  const { execution } = view
  const headlines = stagesOf(execution, 'terraform.apply').flatMap((stage) => {
    if (stage.state === 'skipped') return [nothingApplied(execution, stage)]
    const apply = readApplyOutput(outputOf(execution, stage.id))
    return apply ? [plain(apply.destroy && apply.empty ? `${apply.headline} The state is empty.` : apply.headline)] : []
  })
  const lifetime = lifetimeLine(view)
  return [
    ...loadLines(execution),
    ...bakeLines(execution),
    ...releaseLines(execution),
    ...headlines,
    ...healthLines(execution),
    ...driftLines(execution),
    ...kvLines(execution),
    ...(lifetime ? [lifetime] : []),
  ]
}

/** Where there was not even a plan to make, its stage says why. */
function nothingApplied(execution: Execution, { input }: StageRun): string {
  const plan = typeof input.plan === 'string' ? outputOf(execution, input.plan) : null
  return plan?.unchanged === true && typeof plan.headline === 'string'
    ? plain(plan.headline)
    : 'Nothing had to be applied.'
}

function driftLines(execution: Execution): string[] {
  return stagesOf(execution, 'drift').flatMap((stage) => {
    const headline = outputOf(execution, stage.id)?.headline
    return typeof headline === 'string' ? [people(headline)] : []
  })
}

function nextOf({ ending, status, line, stages }: Execution): string {
  if (ending === 'rejected') return 'talk to who rejected it, then ask anew.'
  if (ending === 'withdrawn') return 'nothing is left to be done.'
  if (ending === 'expired' || status === 'canceled') return `ask anew with ${code(line)} if it is still wanted.`
  const logged = stages.some(({ state, outcome }) => state === 'failed' && hasFiles(outcome))
  return `${logged ? 'see the log in this thread, ' : ''}mend the cause, then ask anew with ${code(line)}.`
}

/** What was refused before anything ran has said why, and has no log. */
function hasFiles(outcome: Outcome | null): boolean {
  const files = outcome?.kind === 'failed' ? outcome.output?.files : undefined
  return Array.isArray(files) && files.length > 0
}
