import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../errors.ts'
import type { Run } from '../run.ts'

export type Source = { readonly git: string; readonly ref: string }

type Given = {
  readonly env: Readonly<Record<string, string>>
  readonly run: Run
  readonly signal?: AbortSignal
  /** What git says is shown after it went through this. */
  readonly mask: (text: string) => string
}

const MINUTES = 60_000

/** Nothing asks, nothing of a repository runs, and no other transport is used than those that a site may name. */
const QUIET = { GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:ssh:file', GIT_LFS_SKIP_SMUDGE: '1' }
const BATCH = 'ssh -o BatchMode=yes'
const CONFIG = ['core.hooksPath=/dev/null', 'core.autocrlf=false', 'gc.auto=0'].flatMap((item) => ['-c', item])

/** The full id of the commit that a branch, a tag or a commit id means now. Throws a `UserError`. */
export async function resolveRef({ git, ref }: Source, given: Given): Promise<string> {
  if (isCommit(ref)) return ref
  const names = ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`]
  const { exitCode, stdout, stderr } = await call(given, [
    'ls-remote',
    '--',
    git,
    ...names.flatMap((name) => [name, `${name}^{}`]),
  ])
  if (exitCode !== 0) throw failed('cannot be read', git, stderr, given)
  const lines = stdout.split('\n').map((line) => line.split('\t'))
  const found = new Map(lines.map(([commit = '', name = '']) => [name, commit]))
  // An annotated tag is an object of its own; with `^{}` stands the commit that it names.
  const commits = names.flatMap((name) => found.get(`${name}^{}`) ?? found.get(name) ?? [])
  if (commits.length > 1)
    throw new UserError(
      `${git} has a branch and a tag \`${ref}\`. Write refs/heads/${ref} or refs/tags/${ref} as the \`ref\` of the stack.`,
    )
  if (commits[0]) return commits[0]
  const short = /^[0-9a-f]{4,39}$/.test(ref) ? ' A commit needs its full id of 40 digits.' : ''
  throw new UserError(`${git} has no branch and no tag \`${ref}\`.${short}`)
}

/**
 * Puts the files of a ref into a new folder and gives the full id of their commit. A repository with submodules, or with files in
 * Git LFS, is refused with a `UserError`: what is applied would not be what the commit says.
 */
export async function fetchTree(source: Source, folder: string, given: Given): Promise<string> {
  const { git } = source
  const commit = await resolveRef(source, given)
  await rm(folder, { recursive: true, force: true })
  const prepared = await call(given, ['init', '--quiet', '--template=', folder])
  if (prepared.exitCode !== 0) throw failed('cannot be fetched', git, prepared.stderr, given)
  const inside = (...words: string[]) => call(given, ['-C', folder, ...words])
  await fetchCommit(source, commit, inside, given)
  await refuseSubmodules(git, await inside('ls-tree', '-r', '-z', '--full-tree', commit))
  const laid = await inside('checkout', '--quiet', '--detach', commit, '--')
  if (laid.exitCode !== 0) throw failed('cannot be laid out', git, laid.stderr, given)
  await refusePointers(git, await inside('grep', '--cached', '-l', '-z', '-e', LFS_POINTER))
  await rm(join(folder, '.git'), { recursive: true, force: true })
  return commit
}

type Result = { exitCode: number; stdout: string; stderr: string }

/** Just the commit where the server gives it out by its id, and the whole history of the ref where it does not. */
async function fetchCommit(
  { git, ref }: Source,
  commit: string,
  inside: (...words: string[]) => Promise<Result>,
  given: Given,
): Promise<void> {
  const quiet = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules']
  const one = await inside(...quiet, '--depth', '1', '--', git, commit)
  if (one.exitCode === 0) return
  const all = await inside(...quiet, '--', git, isCommit(ref) ? '+refs/*:refs/fetched/*' : ref)
  const there = await inside('cat-file', '-e', `${commit}^{commit}`)
  if (there.exitCode !== 0) throw failed(`gives no commit ${commit}`, git, all.stderr || one.stderr, given)
}

/** A submodule stands in a tree as a commit. */
async function refuseSubmodules(git: string, { stdout }: Result): Promise<void> {
  const entries = stdout.split('\0').map((entry) => entry.split('\t'))
  const found = entries.find(([head = '']) => head.startsWith('160000 '))
  if (!found) return
  throw new UserError(
    `${git} has the submodule \`${found[1]}\`, and submodules are not fetched: the commit would not say what is applied. Use a repository without, or a folder of this machine as the stack.`,
  )
}

/** The first line of what stands in place of a file (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
const LFS_POINTER = '^version https://git-lfs.github.com/spec/v1$'

async function refusePointers(git: string, { stdout }: Result): Promise<void> {
  const [file] = stdout.split('\0')
  if (!file) return
  throw new UserError(
    `${git} keeps \`${file}\` in Git LFS, which is not fetched: Terraform would read a pointer in its place.`,
  )
}

function isCommit(ref: string): boolean {
  return /^[0-9a-f]{40}$/.test(ref)
}

async function call({ env, run, signal }: Given, words: readonly string[]): Promise<Result> {
  return run(['git', ...CONFIG, ...words], {
    cwd: '/',
    env: { GIT_SSH_COMMAND: BATCH, ...env, ...QUIET },
    timeout: 10 * MINUTES,
    ...(signal && { signal }),
  })
}

function failed(what: string, git: string, stderr: string, { mask }: Given): UserError {
  const said = mask(stderr).replace(/\s+/g, ' ').trim().slice(0, 400)
  return new UserError(`The repository ${git} ${what}: ${said || 'git gave no reason'}`)
}
