import { readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { GitStack } from '../core/git-stack.ts'
import type { NamedEnvironment, RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { fetchTree } from '../tools/git/fetch.ts'
import { commitOf } from '../tools/git.ts'
import { copyTree } from '../tools/tree.ts'

type Environment = Readonly<Record<string, string>>

/** The folder within a private copy in which Terraform runs: a repository is copied whole, since its modules may lie beside the stack. */
export function stackIn(directory: string, { stack }: Pick<NamedEnvironment, 'stack'>): string {
  return join(directory, 'stack', typeof stack === 'string' ? '.' : stack.path)
}

const commitFile = (context: RunContext) => join(context.directory, 'commit')

/** The environment with its stack at another ref, where one was asked for. Throws a `UserError` where it has none. */
export function environmentAt(environment: NamedEnvironment, ref: string | null): NamedEnvironment {
  const { stack, name } = environment
  if (ref === null) return environment
  if (typeof stack !== 'string') return { ...environment, stack: { ...stack, ref } }
  throw new UserError(`The stack of ${name} is a folder now, which has no ${ref}.`)
}

/** A private copy of the stack as the site names it now: a folder of this machine, or what a ref of a repository means. */
export async function copyStack(context: RunContext, ref: string | null, { tree, env, mask }: Copy): Promise<void> {
  const { stack } = environmentAt(context.environment, ref)
  if (typeof stack === 'string') return copyTree(stack, tree)
  context.progress(`fetching ${stack.ref}`)
  const fetched = join(context.directory, 'fetched')
  const { run, signal } = context
  const commit = await fetchTree(stack, fetched, { env, run, signal, mask })
  await copyTree(fetched, tree)
  await rm(fetched, { recursive: true, force: true })
  await checkFolder(stack, tree, commit)
  await writeFile(commitFile(context), commit, { mode: 0o600 })
}

type Copy = { readonly tree: string; readonly env: Environment; readonly mask: (text: string) => string }

async function checkFolder({ git, path }: GitStack, tree: string, commit: string): Promise<void> {
  const folder = await realpath(join(tree, path)).catch(() => null)
  const inside = folder !== null && isWithin(await realpath(tree), folder) && (await stat(folder)).isDirectory()
  if (!inside) throw new UserError(`${git} has no folder \`${path}\` at ${commit.slice(0, 12)}.`)
}

/** The commit of the copy. Of a repository it is exact; of a folder it says where the folder stands, and whether it differs from that. */
export async function commitIn(context: RunContext, env: Environment): Promise<string | null> {
  const { stack } = context.environment
  if (typeof stack === 'string') return commitOf(stack, env, context.run)
  return readFile(commitFile(context), 'utf8')
}

/** Whether a path, with its links followed, lies in a folder. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep)
}
