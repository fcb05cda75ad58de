import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ApplyReport } from '../core/apply.ts'
import { applyHeadline, describeFailed, nextStep } from '../core/apply.ts'
import { describeChange, describePlanned } from '../core/plan.ts'
import { stageFile } from '../core/stage/files.ts'
import type { Fields, Outcome, ProcessEnd, RunContext } from '../core/workflow.ts'
import { messageOf } from '../errors.ts'
import { diagnose, stateList } from '../tools/terraform.ts'
import type { Workplace } from './workplace.ts'
import { lineageOf } from './workplace.ts'

/** Lists in a message are bounded; all of it is in the log. */
const MOST_LISTED = 100

export type Ended = {
  readonly planStage: string
  readonly context: RunContext
  readonly place: Workplace
  readonly end: ProcessEnd
  readonly report: ApplyReport
  readonly mask: (text: string) => string
  readonly destroy: boolean
}

/** How an apply ended, as far as anybody can know: exit code, Terraform's own words, and what the state says afterwards. */
export async function outcomeOf(ended: Ended): Promise<Outcome> {
  const { context, end, report, place } = ended
  if (end.end === 'never-started') return neverStarted(context)
  if (end.end === 'vanished') {
    const why =
      'Terraform ended without a trace: it was killed, or the machine was restarted. What it had in hand is not known.'
    return { kind: 'unknown', why, output: { ...listsOf(ended), vanished: true, keep: true } }
  }
  const diagnosis = diagnose([...report.diagnostics])
  const untouched = report.done.length + report.failed.length === 0
  if (end.exitCode !== 0 && diagnosis === 'stale-plan' && untouched) {
    return {
      kind: 'failed',
      error: 'The saved plan is stale: the state was changed by somebody else after it was made.',
      again: ended.planStage,
    }
  }
  const saved = !existsSync(join(place.stack, 'errored.tfstate'))
  const output = { ...listsOf(ended), ...(await stateAfter(ended)), ...(saved ? {} : { keep: true }) }
  if (end.exitCode === 0) return succeeded(ended, output)
  if (!saved) {
    // Whoever planned now would plan against a state that is not true: the lock stays until the saved one was pushed.
    const why = `Terraform could not save the state; it lies in errored.tfstate on ${context.host}. Push it before anything is applied.`
    return { kind: 'unknown', why, output: { ...output, vanished: true, savedOn: context.machine } }
  }
  if (context.signal.aborted)
    return {
      kind: 'canceled',
      why: `Terraform was interrupted${becauseOf(context)}, saved its state and ended.`,
      output,
    }
  return { kind: 'failed', error: reasonOf(ended), output }
}

/** Why it was interrupted, where no person asked for it. */
function becauseOf({ signal }: RunContext): string {
  return typeof signal.reason === 'string' ? `, since ${signal.reason}` : ''
}

function neverStarted(context: RunContext): Outcome {
  if (context.signal.aborted) return { kind: 'canceled', why: 'Terraform had not begun yet; nothing was changed.' }
  return {
    kind: 'failed',
    error: 'Terraform never began: its worker died just before. Nothing was changed; ask again.',
  }
}

function succeeded({ destroy }: Ended, output: Fields): Outcome {
  if (destroy && output.empty !== true) {
    return {
      kind: 'failed',
      error:
        'Terraform says that it is done, but the state is not empty (or could not be read): not everything is known to be destroyed.',
      output,
    }
  }
  return { kind: 'succeeded', output }
}

function reasonOf({ report, mask }: Ended): string {
  const errors = report.diagnostics.filter(({ severity }) => severity === 'error')
  const said = [...new Set(errors.map(({ summary }) => summary))].slice(0, 3)
  return mask(`The apply failed: ${said.join('; ') || 'terraform gave no reason'}.`)
}

/** Several applies of one execution have logs of their own. */
export function applyLog(stage: string): string {
  return stageFile({ id: stage, kind: 'terraform.apply' }, 'apply-log.txt')
}

function listsOf({ report, mask, destroy, context }: Ended): Fields {
  const words = (changes: ApplyReport['done'], describe = describePlanned) =>
    changes.slice(0, MOST_LISTED).map((change) => mask(describe(change)))
  const more = (list: readonly unknown[]) => Math.max(0, list.length - MOST_LISTED)
  const notStarted = [...report.notStarted, ...report.unreported]
  return {
    headline: mask(applyHeadline(report)),
    done: words(report.done, describeChange),
    failed: report.failed.slice(0, MOST_LISTED).map((failed) => ({
      address: failed.change.address,
      error: mask(describeFailed(failed)),
      tainted: failed.tainted === true || failed.tainted === 'maybe',
    })),
    notStarted: words(notStarted),
    unsure: words(report.unsure),
    more: {
      done: more(report.done),
      failed: more(report.failed),
      notStarted: more(notStarted),
      unsure: more(report.unsure),
    },
    next: nextStep(report) ?? '',
    destroy,
    files: [applyLog(context.stage)],
  }
}

/** What Terraform itself says afterwards. Not being able to ask is no failure of the apply: it is said as not known. */
async function stateAfter({ context, place, destroy }: Ended): Promise<Fields> {
  try {
    const lineage = await lineageOf(context, place)
    const empty = destroy
      ? (await stateList(place.bin, { cwd: place.stack, env: place.env, run: context.run })).length === 0
      : null
    return { lineage, empty }
  } catch (error) {
    return { lineage: null, empty: null, stateNotRead: messageOf(error).slice(0, 300) }
  }
}
