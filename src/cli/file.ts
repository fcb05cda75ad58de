import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Given } from './verb.ts'

/** A file that a person named: from where they stand. npm runs its scripts at the top and says where it was called. */
export function fileFor(env: Given['env'], named: string): string {
  const stands = env.npm_lifecycle_event === 'crew' ? env.INIT_CWD : undefined
  const fromThere = stands ? resolve(stands, named) : resolve(named)
  return existsSync(fromThere) ? fromThere : resolve(named)
}
