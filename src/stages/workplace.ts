import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createMask } from '../core/mask.ts'
import type { NamedEnvironment, RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { environmentFor, initArgv, version } from '../tools/terraform.ts'
import { unpackTree } from '../tools/tree.ts'
import { sha256 } from './digest.ts'

/** A place to run Terraform in: a private copy of the stack, the program, and an environment without anything that was not listed. */
export type Workplace = {
  readonly bin: string
  readonly stack: string
  readonly planFile: string
  readonly env: Readonly<Record<string, string>>
  readonly version: string
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
}

export function digestOf(bound: Bound): string {
  const { plan, tree, variables, workspace, backend, environment, terraform, commit } = bound
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
  ]
  return sha256(JSON.stringify(parts))
}

/** `fill` puts the stack into the folder; nothing is done where the program of this attempt was started before. */
export async function workplace(context: RunContext, fill: (stack: string) => Promise<void>): Promise<Workplace> {
  const { environment, directory, inherit, passed } = context
  const stack = join(directory, 'stack')
  const env = environmentFor({
    path: inherit.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    home: inherit.HOME ?? directory,
    workspace: environment.workspace,
    inherit,
    pass: passed,
  })
  const place = { bin: environment.terraform, stack, planFile: join(directory, 'plan.tfplan'), env }
  if (!context.adopted) {
    await rm(stack, { recursive: true, force: true })
    await fill(stack)
  }
  // A cancel stops what was adopted, and not the look at what it is.
  const { adopted, run, signal } = context
  return { ...place, version: await version(place.bin, env, adopted ? { run } : { run, signal }) }
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

/** A copy of the stack that was approved, with the providers that it was planned with, ready for Terraform. */
export async function approvedCopy(context: RunContext): Promise<Workplace> {
  const place = await workplace(context, async (stack) => unpackTree(await context.artifacts.get('stack'), stack))
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
