import { stat, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Import } from '../core/address.ts'
import type { ApplyEnd } from '../core/apply.ts'
import { applyReport, beginApply, progressText, readEvent, recordEvent, workedOn } from '../core/apply.ts'
import { milliseconds } from '../core/duration.ts'
import type { Plan } from '../core/plan.ts'
import { readPlanText, secretsOf, summarizePlan } from '../core/plan.ts'
import type { Reference } from '../core/reference.ts'
import { planOutput } from '../core/report.ts'
import type { Counted } from '../core/scale.ts'
import type { Outcome, ProcessEnd, RunContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { applyArgv, showJsonArgv } from '../tools/terraform.ts'
import { treeDigest, unpackTree } from '../tools/tree.ts'
import { applyLog, outcomeOf } from './apply-outcome.ts'
import { sha256 } from './digest.ts'
import { allows } from './program.ts'
import { environmentAt } from './source.ts'
import { eventText, streamText } from './stream.ts'
import { changedFile, keptValues, namedFiles } from './values.ts'
import type { Workplace } from './workplace.ts'
import { digestOf, init, maskFor, moreOf, restoreLockFile, workplace } from './workplace.ts'

const input = z.strictObject({ plan: z.string() })
type Input = z.infer<typeof input>

const planned = z.object({ plan: z.string() })

/** Applies a saved plan, at most once, if it is to the last byte the one that was approved. There is no other way to apply. */
export const terraformApply: StageKind<Input> = {
  kind: 'terraform.apply',
  input,
  repeatable: false,
  plan({ plan }, { environment }) {
    if (!environment) throw new Error('Terraform stages need an environment: give the command one.')
    const { warn, max } = environment.lifetime
    return { plan, warn: milliseconds(warn), longest: milliseconds(max) }
  },
  run: (fields, context) => applyPlan(planned.parse(fields).plan, context),
}

async function applyPlan(planStage: string, context: RunContext): Promise<Outcome> {
  const approved = planOutput.parse(context.output(planStage))
  if (approved.refreshOnly) return { kind: 'failed', error: 'A plan that only looks at what moved is never applied.' }
  context.progress('checking that it is what was approved')
  const unpack = async (tree: string) => unpackTree(await context.artifacts.get('stack'), tree)
  const place = await workplace(context, unpack, approved.terraform || null)
  if (!context.adopted) {
    const wrong = context.approved(planStage).some((digest) => digest !== approved.digest)
    const difference = wrong
      ? 'The approval was given for another plan.'
      : await differenceFrom(approved, context, place)
    if (difference) return { kind: 'failed', error: difference, again: planStage }
    await init(context, place, maskFor(context))
  }
  const plan = readPlanText(await showPlan(context, place))
  const mask = maskFor(context, secretsOf(plan))
  const { end, report } = await runApply(plan, context, place, mask)
  await context.artifacts.put(applyLog(context.stage), Buffer.from(mask(await streamText(end.out))))
  return outcomeOf({ planStage, context, place, end, report, mask, destroy: approved.destroy })
}

type Approved = z.infer<typeof planOutput>

/** What differs between what was approved and what would run here and now; null when nothing does. */
async function differenceFrom(approved: Approved, context: RunContext, place: Workplace): Promise<string | null> {
  const bytes = await context.artifacts.get('plan')
  await writeFile(place.planFile, bytes, { mode: 0o600 })
  const tree = await treeDigest(place.tree)
  const { environment } = context
  const values = await keptValues(context, approved.variables)
  const bound = {
    plan: sha256(bytes),
    tree,
    variables: values.variables,
    workspace: environment.workspace,
    backend: environment.backend,
    environment: environment.name,
    terraform: place.version,
    commit: approved.commit,
    more: moreOf(environmentAt(environment, approved.ref ?? null), place, {
      files: namedFiles(values),
      imports: values.imports,
    }),
  }
  if (bound.plan !== approved.plan) return 'The plan file is not the one that was approved.'
  if (place.version !== approved.terraform)
    return `It was planned with Terraform ${approved.terraform}, and this worker has ${place.version}.`
  if (!allows(environment.terraform, approved.terraform))
    return `The site wants Terraform ${environment.terraform} now, and it was planned with ${approved.terraform}.`
  if (environment.var_files.length !== values.files.length) return 'The site names other variable files now.'
  const changed = await changedFile(context, values)
  if (changed !== null) return `The variable file ${changed} was changed after the plan.`
  if (digestOf(bound) !== approved.digest)
    return 'Stack, variables, workspace or backend are not those that were approved.'
  const { stack } = environment
  // A repository is not asked again: the commit that was approved is applied as it was packed, wherever its ref has moved.
  const now = typeof stack === 'string' ? await treeDigest(stack).catch(() => null) : null
  if (now !== null && now !== approved.tree) return 'The stack was changed after the plan.'
  await restoreLockFile(context, place)
  return null
}

async function showPlan({ run }: RunContext, place: Workplace): Promise<string> {
  const argv = [place.bin, ...showJsonArgv(place.planFile)]
  const { exitCode, stdout } = await run(argv, { cwd: place.stack, env: place.env, timeout: 10 * 60_000 })
  if (exitCode !== 0) throw new UserError(`\`terraform show\` of the approved plan exited with ${exitCode}.`)
  return stdout
}

async function runApply(plan: Plan, context: RunContext, place: Workplace, mask: (text: string) => string) {
  let record = beginApply(summarizePlan(plan).changes)
  const since = context.now()
  const argv = applyArgv({ planFile: place.planFile, lockTimeout: context.environment.lock_timeout })
  const seen = await context.process({ argv: [place.bin, ...argv], cwd: place.stack, env: place.env }, (line) => {
    const event = readEvent(line)
    if (!event) return
    for (const text of eventText(line)) context.log(text, mask)
    record = recordEvent(record, event)
    const report = applyReport(record)
    const where = workedOn(report)
    context.progress(mask(progressText(report, context.now() - since)), undefined, where && mask(where))
  })
  const end = await endOf(seen)
  const how: ApplyEnd = end.end === 'ended' ? { exitCode: end.exitCode } : 'vanished'
  return { end, report: applyReport(record, how) }
}

/**
 * Terraform ends an apply with 0 or 1 and nothing else. Any other exit of one that had begun is that of a signal (128 and its number, as
 * the shell around it records it) or of a crash: like one that left no exit at all, it has said nothing about what it had in hand.
 */
async function endOf(seen: ProcessEnd): Promise<ProcessEnd> {
  if (seen.end !== 'ended' || seen.exitCode === 0 || seen.exitCode === 1) return seen
  const { size } = await stat(seen.out)
  return size > 0 ? { end: 'vanished', out: seen.out, err: seen.err } : seen
}

/** Terraform in a workflow: `terraform.plan({ size })`, `terraform.apply({ plan: 'terraform.plan' })`. */
export const terraform = {
  plan: (
    draft: Shape & {
      size?: string | undefined
      destroy?: boolean
      set?: Record<string, string | number | boolean | Reference>
      scale?: { to: string; counted?: Counted }
      refreshOnly?: boolean
      asLive?: boolean
      mayBeDown?: boolean
      imports?: Import
      ref?: string | Reference | undefined
    } = {},
  ): StageDraft => {
    const { size, destroy, set, scale, refreshOnly, asLive, mayBeDown, imports, ref, ...shape } = draft
    const input = {
      ...(size === undefined ? {} : { size }),
      ...(destroy ? { destroy } : {}),
      ...(set ? { set } : {}),
      ...(scale ? { scale } : {}),
      ...(refreshOnly ? { refreshOnly } : {}),
      ...(asLive ? { asLive } : {}),
      ...(mayBeDown ? { mayBeDown } : {}),
      ...(ref === undefined ? {} : { ref: typeof ref === 'string' ? ref : { ...ref } }),
      ...(imports ? { imports: { ...imports } } : {}),
    }
    return { kind: 'terraform.plan', input, ...shape }
  },
  apply: ({ plan, ...shape }: Shape & { plan: string }): StageDraft => ({
    kind: 'terraform.apply',
    input: { plan },
    ...shape,
  }),
} as const
