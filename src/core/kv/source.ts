import { UserError } from '../../errors.ts'
import { isOwned, wrongKey } from './keys.ts'

/** A parsed file: maps, values as they stand in it, and what can be no value with the reason. */
export type Tree =
  | { readonly map: readonly (readonly [string, Tree])[] }
  | { readonly list: readonly Tree[] }
  | { readonly text: string }
  | { readonly wrong: string }

/** One key of a file. `env`: its value is that of this variable of the worker. */
export type Leaf = { readonly key: string; readonly path: string; readonly text: string; readonly env: string | null }

/** One file of the source: what all datacenters get, and what only one gets. */
export type SettingsFile = {
  readonly file: string
  readonly prefix: string
  readonly common: readonly Leaf[]
  readonly local: ReadonlyMap<string, readonly Leaf[]>
}

/** What a key is to be. `secret`: it came from the environment, so that nobody is shown it. */
export type Wanted = { readonly value: string; readonly secret: boolean; readonly from: string }

/** Consul's own limit for a value (`kv_max_value_size`). */
export const MOST_BYTES = 512 * 1024

const LIST = 'is a list, and a key has one value: write it as text (`|`), or each of it under a name of its own'

const SECTIONS = ['prefix', 'empty', 'common', 'local']

/** Reads one file. Throws a `UserError` that names the file and the place in it. */
export function readSettings(file: string, tree: Tree): SettingsFile {
  const sections = new Map(mapOf(file, '', tree))
  for (const name of sections.keys()) {
    if (!SECTIONS.includes(name))
      throw wrong(
        file,
        name,
        `is none of ${SECTIONS.join(', ')}: keys stand below \`common\` or \`local.<datacenter>\``,
      )
  }
  const prefix = prefixOf(file, sections.get('prefix'))
  const common = leavesOf(file, 'common', sections.get('common'), prefix)
  const local = new Map(
    localOf(file, sections.get('local')).map(([dc, inner]) => [dc, leavesOf(file, `local.${dc}`, inner, prefix)]),
  )
  const keys = common.length + [...local.values()].reduce((sum, leaves) => sum + leaves.length, 0)
  const empty = sections.get('empty')
  if (keys === 0 && !(empty && 'text' in empty && empty.text === 'true'))
    throw new UserError(
      `\`${file}\` has no key, so nothing is planned: a source that was read badly must not remove anything. If all keys below ${prefix} are to go, write \`empty: true\` into it.`,
    )
  return { file, prefix, common, local }
}

/** `local` by datacenter. */
export function localOf(file: string, tree: Tree | undefined): (readonly [string, Tree])[] {
  return tree ? [...mapOf(file, 'local', tree)] : []
}

/** The entries of a map; anything else is refused. */
export function mapOf(file: string, path: string, tree: Tree): readonly (readonly [string, Tree])[] {
  if ('map' in tree) return tree.map
  const what = 'list' in tree ? 'is a list, where a map is expected' : 'is a value, where a map is expected'
  throw wrong(file, path || 'the whole file', 'wrong' in tree ? tree.wrong : what)
}

export function wrong(file: string, path: string, message: string): UserError {
  return new UserError(`\`${file}\`: \`${path.slice(0, 200)}\` ${message}.`)
}

/** What the file says, or its own path: `config/app.yml` is about `config/app/`. */
function prefixOf(file: string, tree: Tree | undefined): string {
  if (!tree) return `${file.replace(/\.[^./]*$/, '')}/`
  if ('text' in tree && tree.text.endsWith('/')) return tree.text
  throw wrong(file, 'prefix', 'is no prefix that ends with a slash, such as config/app/')
}

function leavesOf(file: string, path: string, tree: Tree | undefined, prefix: string): Leaf[] {
  if (!tree) return []
  const leaves = leavesBelow({ file, path, key: prefix }, tree)
  const seen = new Set<string>()
  for (const leaf of leaves) {
    if (seen.has(leaf.key)) throw wrong(file, leaf.path, `names the key ${leaf.key} a second time`)
    seen.add(leaf.key)
  }
  return leaves
}

type Place = { readonly file: string; readonly path: string; readonly key: string }

function leavesBelow({ file, path, key }: Place, tree: Tree): Leaf[] {
  if ('wrong' in tree) throw wrong(file, path, tree.wrong)
  if ('list' in tree) throw wrong(file, path, LIST)
  if ('text' in tree) {
    if (path === 'common' || /^local\.[^.]*$/.test(path)) throw wrong(file, path, 'is a value, where a map is expected')
    return [checked(file, { key: key.slice(0, -1), path, text: tree.text, env: null })]
  }
  const env = tree.map.length === 1 && tree.map[0]?.[0] === 'from_env' ? tree.map[0][1] : null
  if (env) {
    if (!('text' in env)) throw wrong(file, `${path}.from_env`, 'is no name of a variable')
    return [checked(file, { key: key.slice(0, -1), path, text: '', env: env.text })]
  }
  return tree.map.flatMap(([name, inner]) =>
    leavesBelow({ file, path: `${path}.${name}`, key: `${key}${name}/` }, inner),
  )
}

function checked(file: string, leaf: Leaf): Leaf {
  const fault = wrongKey(leaf.key)
  if (fault) throw wrong(file, leaf.path, `makes the key ${JSON.stringify(leaf.key)}, which ${fault}`)
  if (!leaf.text.isWellFormed()) throw wrong(file, leaf.path, 'is not valid UTF-8')
  const size = Buffer.byteLength(leaf.text)
  if (size > MOST_BYTES)
    throw wrong(file, leaf.path, `has ${size} bytes, and Consul takes ${MOST_BYTES} (512 KiB) for a value`)
  return leaf
}

type Settings = { readonly prefixes: readonly string[]; readonly pass: readonly string[] }

/** What each datacenter is to have: what is common, and over it what is local. Throws a `UserError` with file and path. */
export function wantedOf(
  files: readonly SettingsFile[],
  datacenters: readonly string[],
  settings: Settings,
  variables: Readonly<Record<string, string>>,
): Map<string, Map<string, Wanted>> {
  checkPrefixes(files, settings.prefixes)
  const owners = new Map<string, SettingsFile>()
  const wishOf = (file: string, { env, text, path }: Leaf): Wanted => {
    if (env === null) return { value: text, secret: false, from: `${file}: ${path}` }
    return { value: fromEnv({ file, path, env }, settings.pass, variables), secret: true, from: `${file}: ${path}` }
  }
  const wanted = new Map(datacenters.map((dc) => [dc, new Map<string, Wanted>()]))
  for (const each of files) {
    const { file, common, local } = each
    for (const dc of local.keys()) {
      if (!wanted.has(dc))
        throw wrong(file, `local.${dc}`, `is no datacenter of this source; there are ${datacenters.join(', ')}`)
    }
    for (const leaf of leavesOfFile(each)) {
      if (!isOwned(settings.prefixes, leaf.key))
        throw wrong(
          file,
          leaf.path,
          `makes the key ${leaf.key}, which is below no prefix that the site gives this source (${settings.prefixes.join(', ') || 'none'})`,
        )
      const owner = owners.get(leaf.key)
      if (owner && owner !== each)
        throw wrong(file, leaf.path, `names the key ${leaf.key}, which \`${owner.file}\` has too`)
      owners.set(leaf.key, each)
    }
    for (const [dc, keys] of wanted) {
      for (const leaf of common) keys.set(leaf.key, wishOf(file, leaf))
      for (const leaf of local.get(dc) ?? []) keys.set(leaf.key, wishOf(file, leaf))
    }
  }
  return wanted
}

function fromEnv(
  { file, path, env }: { file: string; path: string; env: string },
  pass: readonly string[],
  variables: Readonly<Record<string, string>>,
): string {
  if (!pass.includes(env))
    throw wrong(
      file,
      path,
      `takes the variable ${env}, which the site does not give this source: name it under \`pass\``,
    )
  const value = Object.hasOwn(variables, env) ? variables[env] : undefined
  if (!value) throw wrong(file, path, `takes the variable ${env}, which is not set on this worker`)
  if (Buffer.byteLength(value) > MOST_BYTES)
    throw wrong(file, path, `takes the variable ${env}, which is larger than 512 KiB`)
  return value
}

/** A prefix of which no file speaks would be emptied: a file that got lost must not do that. */
function checkPrefixes(files: readonly SettingsFile[], prefixes: readonly string[]): void {
  for (const prefix of prefixes) {
    if (
      files.some(
        (each) => each.prefix.startsWith(prefix) || leavesOfFile(each).some(({ key }) => key.startsWith(prefix)),
      )
    )
      continue
    throw new UserError(
      `The source has no file for ${prefix}, so nothing is planned: a source that was read badly must not remove anything. Write ${prefix.slice(0, -1)}.yml with the keys, or with \`empty: true\` if all of them are to go.`,
    )
  }
}

function leavesOfFile({ common, local }: SettingsFile): Leaf[] {
  return [...common, ...[...local.values()].flat()]
}
