import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { chooseInstalled, readProgram, readVersionFile } from '../core/program.ts'
import { fits, readVersion } from '../core/version.ts'
import type { RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { isTofu, terraformsHere } from '../tools/terraform/installed.ts'
import { version } from '../tools/terraform.ts'

type Where = { readonly stack: string; readonly tree: string; readonly env: Readonly<Record<string, string>> }

/** The program that a stage runs, asked for its version. */
export type Chosen = { readonly bin: string; readonly version: string; readonly tofu: boolean }

/**
 * The Terraform that the site names for an environment. `pinned` is the version of a plan: where a version is looked for, only that
 * one will do. A process that is taken over keeps the program that it was started with, whatever was installed since.
 */
export async function programOf(context: RunContext, where: Where, pinned: string | null): Promise<Chosen> {
  const { adopted, environment, run, signal } = context
  const note = join(context.directory, 'terraform-program')
  const kept = adopted ? await readFile(note, 'utf8').catch(() => null) : null
  const found =
    kept === null
      ? await findProgram({ run, inherit: context.inherit, wanted: environment.terraform }, where, pinned)
      : null
  const bin = kept ?? found?.bin ?? environment.terraform
  // A cancel stops what was adopted, and not the look at what it is.
  const answer = await version(bin, where.env, adopted ? { run } : { run, signal })
  if (found?.version && found.version !== answer)
    throw new UserError(`${bin} lies where Terraform ${found.version} should be, and says that it is ${answer}.`)
  if (!adopted) await writeFile(note, bin, { mode: 0o600 })
  return { bin, version: answer, tofu: await isTofu(bin, where.env.PATH) }
}

type Wish = Pick<RunContext, 'run' | 'inherit'> & { readonly wanted: string }

/** A program with the version it must have; the version is null where it was named and not looked for. */
export async function findProgram(
  { wanted, run, inherit }: Wish,
  { stack, tree, env }: Where,
  pinned: string | null = null,
): Promise<{ bin: string; version: string | null }> {
  const program = readProgram(wanted)
  const asked = program.kind === 'version' ? program.text : program.stack ? await versionOfStack(stack, tree) : null
  if (asked === null) return { bin: wanted, version: null }
  const { installed, places } = await terraformsHere({ env, inherit, run })
  const why = pinned === null ? '' : `It was planned with Terraform ${pinned}. `
  return chooseInstalled(pinned ?? asked, installed, places, why)
}

/** Whether the site still allows the version of a plan. */
export function allows(wanted: string, planned: string): boolean {
  const program = readProgram(wanted)
  const version = readVersion(planned)
  return program.kind !== 'version' || (version !== null && fits(version, program.constraints))
}

/** What `.terraform-version` names, in the folder or in those above it that belong to the stack; null without one. */
async function versionOfStack(stack: string, tree: string): Promise<string | null> {
  for (let folder = stack; ; folder = dirname(folder)) {
    const text = await readFile(join(folder, '.terraform-version'), 'utf8').catch(() => null)
    if (text !== null) return readVersionFile(text)
    if (folder === tree || folder === dirname(folder)) return null
  }
}
