import { ConfigError, messageOf, UserError } from '../errors.ts'

export type Options = {
  readonly as?: string
  readonly site?: string
  readonly json: boolean
  readonly help: boolean
}

/** What a verb is given: its options, the words besides, and the environment of the process, read nowhere else. */
export type Given = {
  readonly options: Options
  readonly words: readonly string[]
  readonly env: Readonly<NodeJS.ProcessEnv>
}

/** What a verb leaves behind. Standard output carries only answers. */
export type Ended = { readonly out?: string; readonly err?: string; readonly code: number }

export type RunVerb = (given: Given) => Promise<Ended>

/** A server that does not answer: not the fault of what was typed, and the exit code says so. */
export class ServerAway extends UserError {}

/** How every error ends: refusals as they are, with 2; servers that fail with 1; a fault of ours with its stack. */
export function endOf(error: unknown): Ended {
  if (isAway(error)) return { err: messageOf(error), code: 1 }
  if (error instanceof UserError) return { err: error.message, code: 2 }
  return { err: error instanceof Error ? (error.stack ?? error.message) : messageOf(error), code: 1 }
}

/** A refusal of the store or of Consul that has a broken connection as its cause is no refusal of the bot. */
function isAway(error: unknown): boolean {
  if (error instanceof ServerAway) return true
  if (error instanceof ConfigError || !(error instanceof UserError)) return false
  const { code, name } = (error.cause ?? {}) as { code?: unknown; name?: unknown }
  return /^(ECONN|ENOTFOUND|EHOST|ENET|ETIMEDOUT|EAI_)/.test(String(code)) || name === 'TimeoutError'
}
