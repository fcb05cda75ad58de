import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createMask } from '../core/mask.ts'
import { planOutput } from '../core/report.ts'
import type { NamedEnvironment, RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { environmentFor, initArgv } from '../tools/terraform.ts'
import { unpackTree } from '../tools/tree.ts'
import { sha256 } from './digest.ts'
import { programOf } from './program.ts'
import { stackIn } from './source.ts'
import type { NamedFile } from './values.ts'

/** A place to run Terraform in: a private copy of the stack, the program, and an environment without anything that was not listed. */
export type Workplace = {
  readonly bin: string
  readonly directory: string
  /** The whole copy: the stack alone, or the repository that it lies in. */
  readonly tree: string
  /** The folder in which Terraform runs. */
  readonly stack: string
  readonly planFile: string
  readonly env: Readonly<Record<string, string>>
  readonly version: string
  readonly tofu: boolean
}

const MINUTES = 60_000

/** Everything that an approval is bound to. Two of the same give the same digest; any difference gives another. */
export type Bound = {
  readonly plan: string
  readonly tree: string
  readonly variables: unknown
  readonly workspace: string
  readonly backend: NamedEnvironment['backend']
  readonly environment: string
  readonly terraform: string
  readonly commit: string | null
  /** What only some environments have. Where there is nothing of it, the digest is what it was before there could be. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** The part of an approval that is about variable files, a repository, a region, an import and OpenTofu. */
export function moreOf(
  { stack, region }: NamedEnvironment,
  { tofu }: Pick<Workplace, 'tofu'>,
  { files, imports }: { readonly files: readonly NamedFile[]; readonly imports: unknown },
): Record<string, unknown> {
  return {
    ...(files.length > 0 ? { files } : {}),
    ...(typeof stack === 'string' ? {} : { source: stack }),
    ...(region ? { region } : {}),
    ...(imports ? { imports } : {}),
    ...(tofu ? { tofu } : {}),
  }
}

export function digestOf(bound: Bound): string {
  const { plan, tree, variables, workspace, backend, environment, terraform, commit, more = {} } = bound
  const parts = [
    plan,
    tree,
    sorted(variables),
    workspace,
    backend.type,
    sorted(backend.config),
    environment,
    terraform,
    commit,
    ...(Object.keys(more).length > 0 ? [more] : []),
  ]
  return sha256(JSON.stringify(parts))
}

type Fill = (tree: string, env: Readonly<Record<string, string>>) => Promise<void>

/**
 * `fill` puts the stack into the folder; nothing is done where the program of this attempt was started before. `pinned` is the version
 * of Terraform that the plan was made with.
 */
export async function workplace(context: RunContext, fill: Fill, pinned: string | null = null): Promise<Workplace> {
  const { environment, directory, inherit, passed } = context
  const tree = join(directory, 'stack')
  const stack = stackIn(directory, environment)
  const { region } = environment
  const env = environmentFor({
    path: inherit.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    home: inherit.HOME ?? directory,
    workspace: environment.workspace,
    inherit,
    pass: { ...passed, ...Object.fromEntries((region?.env ?? []).map((name) => [name, region?.name])) },
  })
  if (!context.adopted) {
    await rm(tree, { recursive: true, force: true })
    await fill(tree, env)
  }
  const program = await programOf(context, { stack, tree, env }, pinned)
  return { ...program, directory, tree, stack, planFile: join(directory, 'plan.tfplan'), env }
}

/** `terraform init` in the copy: repeatable, so that it may be killed and run again. Throws a `UserError` with what it said. */
export async function init(context: RunContext, place: Workplace, mask: (text: string) => string): Promise<void> {
  const argv = [place.bin, ...initArgv({ backendConfig: context.environment.backend.config })]
  const { exitCode, stderr } = await context.run(argv, {
    cwd: place.stack,
    env: place.env,
    timeout: 10 * MINUTES,
    signal: context.signal,
  })
  if (exitCode === 0) return
  const said = mask(stderr)
    .split('\n')
    .filter((line) => line.trim())
    .slice(0, 8)
    .join(' ')
  throw new UserError(`\`terraform init\` failed: ${said.slice(0, 600)}`)
}

/** A copy of the stack that was approved, with the Terraform and the providers that it was planned with, ready to be run. */
export async function approvedCopy(context: RunContext, planStage: string): Promise<Workplace> {
  const { terraform } = planOutput.parse(context.output(planStage))
  const unpack = async (tree: string) => unpackTree(await context.artifacts.get('stack'), tree)
  const place = await workplace(context, unpack, terraform || null)
  await restoreLockFile(context, place)
  await init(context, place, maskFor(context))
  return place
}

/** Puts back the dependency lock file of the plan, where there was one: `init` takes the providers that it names. */
export async function restoreLockFile(context: RunContext, place: Workplace): Promise<void> {
  const lock = await context.artifacts.get('lock').catch(() => null) // a stack without providers has none
  if (lock) await writeFile(join(place.stack, '.terraform.lock.hcl'), lock)
}

const pulled = z.looseObject({ lineage: z.string().optional() })

/** Lineage of the state as it is stored now, or null while there is none. The state itself is never kept: it holds secrets. */
export async function lineageOf({ run }: RunContext, place: Workplace): Promise<string | null> {
  const { exitCode, stdout } = await run([place.bin, 'state', 'pull'], {
    cwd: place.stack,
    env: place.env,
    timeout: 5 * MINUTES,
  })
  if (exitCode !== 0 || !stdout.trim()) return null
  return pulled.parse(JSON.parse(stdout)).lineage || null
}

const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|_KEY$/

/** Masks what the site names as secret, what the worker's own environment holds under such names, and what the plan marks. */
export function maskFor(
  context: Pick<RunContext, 'inherit' | 'secrets'>,
  marked: readonly string[] = [],
): (text: string) => string {
  const own = Object.entries(context.inherit).filter(([name]) => SECRET_NAME.test(name))
  return createMask([...context.secrets, ...own.map(([, value]) => value), ...marked])
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
}
