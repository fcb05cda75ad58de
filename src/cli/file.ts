import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Given } from './verb.ts'

/** A file that a person named: from where they stand. npm runs its scripts at the top and says where it was called. */
export function fileFor(env: Given['env'], named: string): string {
  const fromThere = resolve(folderOf(env), named)
  return existsSync(fromThere) ? fromThere : resolve(named)
}

/** Where the person stands who called. */
export function folderOf(env: Given['env']): string {
  return (env.npm_lifecycle_event === 'crew' ? env.INIT_CWD : undefined) || process.cwd()
}
