import { type Run, run as runHere } from './run.ts'

/** The commit a folder stands at, with `+changes` when files below it differ from it; null where there is no git or no repository. */
export async function commitOf(
  folder: string,
  env: Readonly<Record<string, string>>,
  run: Run = runHere,
): Promise<string | null> {
  const git = (...args: string[]) => run(['git', ...args], { cwd: folder, env, timeout: 10_000 })
  try {
    const head = await git('rev-parse', '--short=12', 'HEAD')
    if (head.exitCode !== 0) return null
    const status = await git('status', '--porcelain', '--', '.')
    return `${head.stdout.trim()}${status.stdout.trim() ? '+changes' : ''}`
  } catch {
    return null // no git on this machine: the tree's own digest says the same
  }
}
