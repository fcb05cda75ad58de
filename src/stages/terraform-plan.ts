import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beginPlan, planProgressText, readEvent, recordPlanEvent } from '../core/apply.ts'
import { droppedIn } from '../core/live.ts'
import { driftIn, driftWords, readPlanText, secretsOf, shownVariables, summarizePlan } from '../core/plan.ts'
import { stageFile } from '../core/stage/files.ts'
import type { Fields, Outcome, ProcessEnd, RunContext, StageKind } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { planArgv, showJsonArgv, showTextArgv } from '../tools/terraform.ts'
import { packTree, treeDigest } from '../tools/tree.ts'
import { sha256 } from './digest.ts'
import { ownersFound } from './owners.ts'
import type { PlanInput, Planned } from './plan-input.ts'
import { comparison, fixedInput, planInput, plannedWith } from './plan-input.ts'
import { noBlockFor, sourceOf, wordsOf, wrongIndex, wrongWith } from './plan-words.ts'
import { allows } from './program.ts'
import { commitIn, copyStack, environmentAt } from './source.ts'
import { eventText, streamText } from './stream.ts'
import { holderText } from './terraform-look.ts'
import type { Values } from './values.ts'
import { gatherValues, layValues, namedFiles } from './values.ts'
import type { Workplace } from './workplace.ts'
import { digestOf, init, lineageOf, maskFor, moreOf, workplace } from './workplace.ts'

/** Makes a plan and keeps it with everything it needs, for an apply of exactly this plan on any worker. */
export const terraformPlan: StageKind<PlanInput> = {
  kind: 'terraform.plan',
  input: planInput,
  repeatable: true,
  plan: fixedInput,
  run: async (fields, context) => {
    const planned = plannedWith(fields, context)
    if (typeof planned === 'string')
      return { kind: 'succeeded', output: { headline: planned, needsApply: false, unchanged: true } }
    return makePlan(planned, context)
  },
}

async function makePlan(input: Planned, context: RunContext): Promise<Outcome> {
  context.progress('copying the stack')
  const place = await workplace(context, (tree, env) =>
    copyStack(context, input.ref, { tree, env, mask: maskFor(context) }),
  )
  if (input.imports && !place.tofu && !allows('>= 1.5', place.version))
    throw new UserError(`An import in a plan needs Terraform 1.5 or newer, and this is ${place.version}.`)
  const tree = await treeOf(context, place)
  if (input.tree !== null && input.tree !== tree)
    throw new UserError(
      'The stack was changed since the first step of this promotion tried it. Promote again, so that what comes here was tried.',
    )
  const values = await gatherValues(context, place, input)
  const varFiles = context.adopted ? [] : await layValues(place, values)
  if (!context.adopted) {
    context.progress('terraform init')
    await init(context, place, maskFor(context))
  }
  const end = await runPlan({ ...input, varFiles }, context, place)
  const text = maskFor(context)(await streamText(end.out))
  if (end.end !== 'ended' || (end.exitCode !== 0 && end.exitCode !== 2)) return notPlanned(end, text, input, context)
  return keepPlan(input, { context, place, tree, values, exitCode: end.exitCode })
}

/** The tree is packed and measured before `init` adds anything to it. */
async function treeOf(context: RunContext, place: Workplace): Promise<string> {
  if (context.adopted) return Buffer.from(await context.artifacts.get('tree-digest')).toString()
  const digest = await treeDigest(place.tree)
  await context.artifacts.put('stack', await packTree(place.tree))
  await context.artifacts.put('tree-digest', Buffer.from(digest))
  return digest
}

type Laid = Planned & { readonly varFiles: readonly string[] }

/** One that is taken over is only listened to: it was given its arguments when it was started. */
async function runPlan(planned: Laid, context: RunContext, place: Workplace): Promise<ProcessEnd> {
  const since = context.now()
  const mask = maskFor(context)
  let progress = beginPlan()
  const { varFiles, destroy, refreshOnly } = planned
  const lockTimeout = context.environment.lock_timeout
  const argv = planArgv({ planFile: place.planFile, lockTimeout, varFiles, destroy, refreshOnly })
  return context.process({ argv: [place.bin, ...argv], cwd: place.stack, env: place.env }, (line) => {
    const event = readEvent(line)
    if (!event) return
    for (const text of eventText(line)) context.log(text, mask)
    progress = recordPlanEvent(progress, event)
    const { looksAt } = progress
    context.progress(planProgressText(progress, context.now() - since), undefined, looksAt && mask(looksAt))
  })
}

async function notPlanned(end: ProcessEnd, text: string, input: Planned, context: RunContext): Promise<Outcome> {
  if (context.signal.aborted) return { kind: 'canceled', why: 'canceled while planning; a plan changes nothing' }
  if (end.end !== 'ended')
    return { kind: 'failed', error: 'Terraform was killed while it planned. A plan changes nothing; ask again.' }
  const errors = text.split('\n').filter((line) => line.startsWith('Error: '))
  const log = fileOf(context, 'plan-log.txt')
  await context.artifacts.put(log, Buffer.from(text))
  const holder = holderText(await readFile(end.out, 'utf8'))
  const said = [
    ...errors.slice(0, 3).map((line) => line.slice('Error: '.length)),
    ...(holder ? [maskFor(context)(holder)] : []),
  ].join('; ')
  return {
    kind: 'failed',
    error:
      noBlockFor(input, said) ??
      wrongIndex(input, text) ??
      `The plan failed: ${said || `terraform exited with ${end.exitCode}`}`,
    output: { files: [log] },
  }
}

type Made = {
  readonly context: RunContext
  readonly place: Workplace
  readonly tree: string
  readonly values: Values
  readonly exitCode: number
}

async function keepPlan(input: Planned, { context, place, tree, values, exitCode }: Made): Promise<Outcome> {
  const json = await show(context, place, showJsonArgv(place.planFile))
  const plan = readPlanText(json)
  const summary = summarizePlan(plan, { exitCode })
  if (summary.errored || !summary.complete)
    return { kind: 'failed', error: 'Terraform could not complete the plan, so that nothing of it can be applied.' }
  const wrong = wrongWith(input, plan, summary)
  if (wrong !== null) return { kind: 'failed', error: wrong }
  const mask = maskFor(context, secretsOf(plan))
  const bytes = await readFile(place.planFile)
  await context.artifacts.put('plan', bytes)
  const shownAs = fileOf(context, 'plan.txt')
  await context.artifacts.put(shownAs, Buffer.from(mask(await show(context, place, showTextArgv(place.planFile)))))
  const lock = await readFile(join(place.stack, '.terraform.lock.hcl')).catch(() => null)
  if (lock) await context.artifacts.put('lock', lock)
  const environment = environmentAt(context.environment, input.ref)
  const bound = {
    plan: sha256(bytes),
    tree,
    variables: input.variables,
    workspace: environment.workspace,
    backend: environment.backend,
    environment: environment.name,
    terraform: place.version,
    commit: await commitIn(context, place.env),
    more: moreOf(environment, place, { files: namedFiles(values), imports: values.imports }),
  }
  const { backend: _, environment: __, more: ___, ...shown } = bound
  // People see no value that the stack calls sensitive, and nothing of it is kept where it is not encrypted.
  const variables = shownVariables(plan, input.variables)
  const identity = { ...shown, variables, digest: digestOf(bound), lineage: await lineageOf(context, place) }
  return {
    kind: 'succeeded',
    output: {
      ...identity,
      ...wordsOf(summary, mask),
      ...sourceOf(environment, place, values),
      ...(await ownersFound(context, place.tree)),
      ...droppedWords(input, variables, context),
      ...comparison({ ...input, variables }, environment, context.live, context.site),
      ...(input.refreshOnly ? { ...driftWords(driftIn(plan), mask), refreshOnly: true, needsApply: false } : {}),
      destroy: input.destroy,
      ...(input.ref === null ? {} : { ref: input.ref }),
      size: input.size,
      kept: input.kept,
      files: [shownAs],
    },
  }
}

/** Only where nothing is live, and no value that the stack calls sensitive. */
function droppedWords(input: Planned, shown: Planned['variables'], { live, dropped }: RunContext): Fields {
  const lost = live || input.destroy || input.refreshOnly ? [] : droppedIn(dropped, input)
  const seen = lost.filter(({ name, to }) => shown[name] === to)
  return seen.length > 0 ? { dropped: seen } : {}
}

/** Several plans of one execution have files of their own. */
function fileOf({ stage }: RunContext, name: string): string {
  return stageFile({ id: stage, kind: 'terraform.plan' }, name)
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
