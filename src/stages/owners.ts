import { lstat, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { ownersIn } from '../core/judgment/codeowners.ts'
import type { Fields, RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'

/** Where GitHub looks for it, in this order. */
const PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS']
const MOST_BYTES = 1_000_000

/**
 * Who owns the stack by the CODEOWNERS file of its repository: of a repository as it is at the commit that is planned, of a folder as the
 * repository around it stands now. Nothing where the site does not use such files. What cannot be read is said, and gives no owner.
 */
export async function ownersFound({ environment, site }: RunContext, tree: string): Promise<Fields> {
  if (!site.codeowners) return {}
  try {
    const { stack } = environment
    const [root, path] =
      typeof stack === 'string' ? await aroundFolder(stack) : [tree, stack.path.replace(/^\.\//, '') || '.']
    const owners = ownersIn(await fileIn(root), path)
    return { owners: [...owners], ownersOf: path }
  } catch (error) {
    if (error instanceof UserError) return { ownersWhy: error.message }
    throw error
  }
}

async function aroundFolder(folder: string): Promise<[string, string]> {
  for (let root = folder; ; root = dirname(root)) {
    if (await lstat(join(root, '.git')).catch(() => null))
      return [root, relative(root, folder).split(sep).join('/') || '.']
    if (root === dirname(root)) throw new UserError('The stack lies in no git repository, so there is no CODEOWNERS.')
  }
}

async function fileIn(root: string): Promise<string> {
  for (const place of PLACES) {
    const found = await lstat(join(root, place)).catch(() => null)
    if (!found) continue
    if (!found.isFile() || found.size > MOST_BYTES)
      throw new UserError(`${place} is no file that can be read as CODEOWNERS.`)
    return readFile(join(root, place), 'utf8')
  }
  throw new UserError(`The repository of the stack has no CODEOWNERS file (${PLACES.join(', ')}).`)
}
