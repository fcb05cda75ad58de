import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from './core/command.ts'
import { ConfigError, messageOf } from './errors.ts'

export type NamedCommand = { readonly name: string; readonly command: Command }

/**
 * Loads every command file below the folders; the path is the name (`loadtest/up.ts` is `loadtest up`). A broken file stops the
 * start: the `ConfigError` names file, line and reason.
 */
export async function loadCommands(folders: readonly string[]): Promise<NamedCommand[]> {
  const loaded: NamedCommand[] = []
  for (const folder of folders) {
    const files = (await filesBelow(folder)).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')).sort()
    for (const file of files)
      loaded.push({ name: file.slice(0, -'.ts'.length).split('/').join(' '), command: await load(join(folder, file)) })
  }
  return loaded
}

async function filesBelow(folder: string): Promise<string[]> {
  return readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new ConfigError(`The folder of commands ${folder} cannot be read; set GROUNDCREW_COMMANDS to one.`, { cause })
  })
}

async function load(file: string): Promise<Command> {
  const path = resolve(file)
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { default?: unknown }
    if (!isCommand(loaded.default)) throw new Error('its default export is not a command({ ... })')
    return loaded.default
  } catch (cause) {
    const line = lineOf(cause, path) ?? (await lineOfImport(cause, path))
    const where = line ? `${file}, line ${line},` : file
    throw new ConfigError(`The command file ${where} cannot be used: ${messageOf(cause)}.`, { cause })
  }
}

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && 'summary' in value && 'allow' in value && 'args' in value
}

/** The line of the file that the error is about: Node writes it first for syntax, and in the stack for everything else. */
function lineOf(cause: unknown, path: string): string | undefined {
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  // As a path, or as an address in which a space is `%20`.
  const after = [path, pathToFileURL(path).href].flatMap((name) => stack.split(name).slice(1))
  return after.map((rest) => /^:(\d+)/.exec(rest)?.[1]).find((number) => number !== undefined)
}

/** What is not there is named by Node without the line that wants it. */
async function lineOfImport(cause: unknown, path: string): Promise<string | undefined> {
  const missing = /^Cannot find (?:module|package) '([^']+)'/.exec(messageOf(cause))?.[1]
  if (!missing) return undefined
  const lines = (await readFile(path, 'utf8')).split('\n')
  const index = lines.findIndex((line) => /\b(import|from)\b/.test(line) && line.includes(basename(missing)))
  return index < 0 ? undefined : String(index + 1)
}
