import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Redis } from 'ioredis'
import { readConfig } from '../../config.ts'
import type { Keys } from '../../engine/keys.ts'
import { keysOf } from '../../engine/keys.ts'
import { messageOf, UserError } from '../../errors.ts'
import { fileFor } from '../file.ts'
import type { Given } from '../verb.ts'
import { usageOf } from '../verbs.ts'

/** Redis as the audit is found there. */
export type Store = { readonly redis: Redis; readonly keys: Keys }

export type Place = {
  /** The file that was named, or else the one of this machine. */
  readonly file: string | undefined
  /** By what Redis knows it. */
  readonly name: string
  readonly redisUrl: string | undefined
  readonly keys: Keys
}

/** Where the audit is to be looked for. */
export function placeOf({ env }: Given, named: string | undefined): Place {
  const { settings } = readConfig(env)
  const own = settings.GROUNDCREW_AUDIT_FILE
  const file = named ? fileFor(env, named) : own && resolve(own)
  return {
    file,
    name: `${settings.GROUNDCREW_HOST}:${file}`,
    redisUrl: settings.REDIS_URL,
    keys: keysOf(settings.GROUNDCREW_PREFIX),
  }
}

/** The flags behind `verify` or `show`; each takes a value. Throws a `UserError` with the usage for anything else. */
export function flagsIn<Name extends string>(words: readonly string[], names: readonly Name[]) {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  try {
    return parseArgs({ args: [...words], options, strict: true }).values as Partial<Record<Name, string>>
  } catch (cause) {
    throw new UserError(`${messageOf(cause).split('. ')[0]}.\n${usageOf('audit')}`, { cause })
  }
}

/** Why a file cannot be read, or null. */
export async function unreadable(file: string): Promise<string | null> {
  try {
    return (await stat(file)).isFile() ? null : `${file} is no file.`
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'it is not there' : messageOf(error)
    return `The audit file ${file} cannot be read: ${why}.`
  }
}
