import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { beginPlan, planProgressText, readEvent, recordPlanEvent } from '../core/apply.ts'
import type { PlanSummary } from '../core/plan.ts'
import { describePlanned, headline, isRisky, readPlanText, secretsOf, summarizePlan } from '../core/plan.ts'
import type { Fields, Outcome, ProcessEnd, RunContext, StageKind } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { commitOf } from '../tools/git.ts'
import { planArgv, showJsonArgv, showTextArgv } from '../tools/terraform.ts'
import { copyTree, packTree, treeDigest } from '../tools/tree.ts'
import { sha256 } from './digest.ts'
import { streamText } from './stream.ts'
import { holderText } from './terraform-look.ts'
import { variablesOf } from './variables.ts'
import type { Workplace } from './workplace.ts'
import { digestOf, init, lineageOf, maskFor, workplace } from './workplace.ts'

const variables = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

const input = z.strictObject({
  size: z.string().optional(),
  destroy: z.boolean().default(false),
  variables: variables.optional(),
})
type Input = z.infer<typeof input>

const planned = z.object({ variables, destroy: z.boolean(), size: z.string().nullable() })
type Planned = z.infer<typeof planned>

/** Addresses shown in the message itself; all of them are in plan.txt. */
const MOST_LINES = 40

/** Makes a plan and keeps it with everything it needs, for an apply of exactly this plan on any worker. */
export const terraformPlan: StageKind<Input> = {
  kind: 'terraform.plan',
  input,
  repeatable: true,
  plan({ size, destroy, variables }, context) {
    return { size: size ?? null, destroy, variables: variablesOf(context, size, variables) }
  },
  run: (fields, context) => makePlan(planned.parse(fields), context),
}

async function makePlan(input: Planned, context: RunContext): Promise<Outcome> {
  context.progress('copying the stack')
  const place = await workplace(context, (stack) => copyTree(context.environment.stack, stack))
  const tree = await treeOf(context, place)
  if (!context.adopted) {
    context.progress('terraform init')
    await init(context, place, maskFor(context))
  }
  const end = await runPlan(input, context, place)
  const text = maskFor(context)(await streamText(end.out))
  if (end.end !== 'ended' || (end.exitCode !== 0 && end.exitCode !== 2)) return notPlanned(end, text, context)
  return keepPlan(input, { context, place, tree, exitCode: end.exitCode })
}

/** The tree is packed and measured before `init` adds anything to it. */
async function treeOf(context: RunContext, place: Workplace): Promise<string> {
  if (context.adopted) return Buffer.from(await context.artifacts.get('tree-digest')).toString()
  const digest = await treeDigest(place.stack)
  await context.artifacts.put('stack', await packTree(place.stack))
  await context.artifacts.put('tree-digest', Buffer.from(digest))
  return digest
}

async function runPlan({ variables, destroy }: Planned, context: RunContext, place: Workplace): Promise<ProcessEnd> {
  const since = context.now()
  let progress = beginPlan()
  const argv = planArgv({ planFile: place.planFile, lockTimeout: context.environment.lock_timeout, variables, destroy })
  return context.process({ argv: [place.bin, ...argv], cwd: place.stack, env: place.env }, (line) => {
    const event = readEvent(line)
    if (!event) return
    progress = recordPlanEvent(progress, event)
    context.progress(planProgressText(progress, context.now() - since))
  })
}

async function notPlanned(end: ProcessEnd, text: string, context: RunContext): Promise<Outcome> {
  if (context.signal.aborted) return { kind: 'canceled', why: 'canceled while planning; a plan changes nothing' }
  if (end.end !== 'ended')
    return { kind: 'failed', error: 'Terraform was killed while it planned. A plan changes nothing; ask again.' }
  const errors = text.split('\n').filter((line) => line.startsWith('Error: '))
  await context.artifacts.put('plan-log.txt', Buffer.from(text))
  const holder = holderText(await readFile(end.out, 'utf8'))
  const said = [
    ...errors.slice(0, 3).map((line) => line.slice('Error: '.length)),
    ...(holder ? [maskFor(context)(holder)] : []),
  ].join('; ')
  return {
    kind: 'failed',
    error: `The plan failed: ${said || `terraform exited with ${end.exitCode}`}`,
    output: { files: ['plan-log.txt'] },
  }
}

type Made = {
  readonly context: RunContext
  readonly place: Workplace
  readonly tree: string
  readonly exitCode: number
}

async function keepPlan(input: Planned, { context, place, tree, exitCode }: Made): Promise<Outcome> {
  const json = await show(context, place, showJsonArgv(place.planFile))
  const plan = readPlanText(json)
  const summary = summarizePlan(plan, { exitCode })
  if (summary.errored || !summary.complete)
    return { kind: 'failed', error: 'Terraform could not complete the plan, so that nothing of it can be applied.' }
  const mask = maskFor(context, secretsOf(plan))
  const bytes = await readFile(place.planFile)
  await context.artifacts.put('plan', bytes)
  await context.artifacts.put('plan.txt', Buffer.from(mask(await show(context, place, showTextArgv(place.planFile)))))
  const lock = await readFile(join(place.stack, '.terraform.lock.hcl')).catch(() => null)
  if (lock) await context.artifacts.put('lock', lock)
  const { environment } = context
  const bound = {
    plan: sha256(bytes),
    tree,
    variables: input.variables,
    workspace: environment.workspace,
    backend: environment.backend,
    environment: environment.name,
    terraform: place.version,
    commit: await commitOf(environment.stack, place.env, context.run),
  }
  const { backend: _, environment: __, ...shown } = bound
  const identity = { ...shown, digest: digestOf(bound), lineage: await lineageOf(context, place) }
  return {
    kind: 'succeeded',
    output: { ...identity, ...wordsOf(summary, mask), destroy: input.destroy, size: input.size, files: ['plan.txt'] },
  }
}

function wordsOf(summary: PlanSummary, mask: (text: string) => string): Fields {
  const { add, change, destroy, replace, forget, move, import: imported, read, outputs, drift, deposed } = summary
  const lines = summary.changes.slice(0, MOST_LINES)
  return {
    headline: mask(headline(summary)),
    needsApply: summary.needsApply,
    deleteOnly: summary.deleteOnly,
    errored: summary.errored,
    counts: { add, change, destroy, replace, forget, move, import: imported, read, outputs, drift, deposed },
    lines: lines.map((change) => mask(describePlanned(change))),
    more: summary.changes.length - lines.length,
    risky: summary.changes.filter(isRisky).length,
    drift: summary.drifted.slice(0, 20).map(({ address, action }) => mask(`${address} (${action})`)),
  }
}

async function show({ run }: RunContext, place: Workplace, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await run([place.bin, ...argv], {
    cwd: place.stack,
    env: place.env,
    timeout: 10 * 60_000,
  })
  if (exitCode !== 0) throw new UserError(`\`terraform show\` of the plan exited with ${exitCode}.`)
  return stdout
}
