import { readFile, realpath, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Wish } from '../../core/kv/diff.ts'
import { secretKeys } from '../../core/kv/keys.ts'
import type { ExternalService, ServicesFile } from '../../core/kv/services.ts'
import { readServices, SERVICES, serviceText, wantedServices } from '../../core/kv/services.ts'
import type { NamedKv } from '../../core/kv/settings.ts'
import type { SettingsFile } from '../../core/kv/source.ts'
import { readSettings, wantedOf } from '../../core/kv/source.ts'
import type { RunContext } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { fetchTree } from '../../tools/git/fetch.ts'
import { commitOf } from '../../tools/git.ts'
import { environmentFor } from '../../tools/terraform.ts'
import { copyTree, filesOf } from '../../tools/tree.ts'
import { sha256 } from '../digest.ts'
import { isWithin } from '../source.ts'
import { maskFor } from '../workplace.ts'
import { treeOf } from './file.ts'

/** The files of a source as they are now, with the commit that they are of, where there is one. */
export type Source = {
  readonly folder: string
  readonly commit: string | null
  readonly settings: readonly SettingsFile[]
  readonly services: readonly ServicesFile[]
}

/** What every datacenter is to have. */
export type WantedEverywhere = {
  readonly keys: ReadonlyMap<string, ReadonlyMap<string, Wish>>
  readonly services: ReadonlyMap<string, ReadonlyMap<string, Wish & { readonly service: ExternalService }>>
}

/** More of a source than this is no source of settings. */
const MOST_FILES = 2_000
const MOST_BYTES = 32 * 1024 * 1024

/** Reads all of the source. Throws a `UserError` for whatever of it cannot be read: half a source is none. */
export async function readSource(context: RunContext): Promise<Source> {
  const { folder, commit } = await folderOf(context)
  const names = (await filesOf(folder)).filter((name) => /\.(ya?ml|json)$/.test(name) && !/(^|\/)\./.test(name))
  if (names.length === 0)
    throw new UserError(
      `The source ${sourceText(context.kv)} has no .yml, .yaml or .json file, so nothing is planned: an empty source must not remove anything.`,
    )
  if (names.length > MOST_FILES)
    throw new UserError(`The source has ${names.length} files; at most ${MOST_FILES} are read.`)
  const settings: SettingsFile[] = []
  const services: ServicesFile[] = []
  let bytes = 0
  for (const name of names) {
    const content = await contentOf(folder, name)
    bytes += content.byteLength
    if (bytes > MOST_BYTES) throw new UserError(`The source is larger than ${MOST_BYTES / 1024 / 1024} MiB.`)
    const tree = treeOf(name, content)
    if (name.replace(/\.[^.]*$/, '') === SERVICES) services.push(readServices(name, tree))
    else settings.push(readSettings(name, tree))
  }
  return { folder, commit, settings, services }
}

/** A link that leads out of the source would make any file of the worker a setting. */
async function contentOf(folder: string, name: string): Promise<Buffer> {
  const file = await realpath(join(folder, name))
  if (!isWithin(await realpath(folder), file))
    throw new UserError(`\`${name}\` is a link that leads out of the source.`)
  return readFile(file)
}

/** A private copy: what is read, shown and written is one state of it. */
async function folderOf(context: RunContext): Promise<{ folder: string; commit: string | null }> {
  const { kv, directory, run, signal } = context
  const { source } = kv
  const env = gitEnvironment(context)
  const copy = join(directory, 'source')
  await rm(copy, { recursive: true, force: true })
  if (typeof source === 'string') {
    const found = await stat(source).catch(() => null)
    if (!found?.isDirectory())
      throw new UserError(
        `The folder ${source} of the settings ${kv.name} is not there on this machine: nothing is planned.`,
      )
    await copyTree(source, copy)
    return { folder: copy, commit: await commitOf(source, env, run) }
  }
  context.progress(`fetching ${source.ref}`)
  const fetched = join(directory, 'fetched')
  const commit = await fetchTree(source, fetched, { env, run, signal, mask: maskFor(context) })
  const inner = await realpath(join(fetched, source.path)).catch(() => null)
  if (inner === null || !isWithin(await realpath(fetched), inner) || !(await stat(inner)).isDirectory())
    throw new UserError(`${source.git} has no folder \`${source.path}\` at ${commit.slice(0, 12)}.`)
  await copyTree(inner, copy)
  await rm(fetched, { recursive: true, force: true })
  return { folder: copy, commit }
}

function gitEnvironment({ inherit, directory }: RunContext) {
  return environmentFor({
    path: inherit.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    home: inherit.HOME ?? directory,
    workspace: 'default',
    inherit,
    pass: {},
  })
}

function sourceText({ source, name }: NamedKv): string {
  return typeof source === 'string' ? `of ${name}` : `${source.ref} of ${source.git}`
}

/** What the source says for each datacenter. Throws a `UserError` that names file and place. */
export function wantedFrom(source: Source, datacenters: readonly string[], context: RunContext): WantedEverywhere {
  const { kv, passed, site } = context
  const isSecret = secretKeys(site, kv)
  const texts = wantedOf(source.settings, datacenters, kv, passed)
  const wishes = (dc: string) =>
    [...(texts.get(dc) ?? [])].map(([key, { value, secret, from }]): [string, Wish] => {
      if (secret && !isSecret(key))
        throw new UserError(
          `\`${from}\` takes its value from the environment, and by the rules of the site the value of ${key} would be shown: add the key, or a pattern of it, to \`secrets\` of kv.${kv.name}.`,
        )
      return [key, { text: value, digest: sha256(value), secret }]
    })
  const services = wantedServices(source.services, datacenters)
  const served = (dc: string) =>
    [...(services.get(dc) ?? [])].map(([place, service]) => {
      const text = serviceText(service)
      return [place, { text, digest: sha256(text), secret: false, service }] as const
    })
  return {
    keys: new Map(datacenters.map((dc) => [dc, new Map(wishes(dc))])),
    services: new Map(datacenters.map((dc) => [dc, new Map(served(dc))])),
  }
}
