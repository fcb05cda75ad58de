import type { SettingsFile } from './source.ts'

/** What Consul has of a key, by datacenter: its text, null for what is no text, and undefined where it is not there. */
export type There = ReadonlyMap<string, string | null | undefined>

/** One edit of a source file. `section`: `common`, or the datacenter below `local`. Null as text takes the key out. */
export type Edit = {
  readonly file: string
  readonly section: string | null
  readonly key: string
  readonly rest: string
  readonly text: string | null
}

export type Adoption = { readonly edits: readonly Edit[]; readonly left: string | null }

/** How the source has to be changed so that it says of a key what Consul has; or why it cannot say that. */
export function adopt(
  key: string,
  there: There,
  files: readonly SettingsFile[],
  isSecret: (key: string) => boolean,
): Adoption {
  const left = (why: string): Adoption => ({ edits: [], left: `${key}: ${why}` })
  const leavesIn = ({ common, local }: SettingsFile) =>
    [...common, ...[...local.values()].flat()].filter((leaf) => leaf.key === key)
  const owner = files.find((file) => leavesIn(file).length > 0)
  if (isSecret(key) || (owner && leavesIn(owner).some(({ env }) => env !== null)))
    return left('is a secret, which the source does not hold: change it where it is kept')
  const values = [...there.values()]
  if (values.includes(null)) return left('is no text in Consul, which a file of settings cannot hold')
  const file = owner ?? nearest(files, key)
  if (!file) return left('is below the prefix of no file of the source')
  const edit = (section: string | null, text: string | null): Edit => ({
    file: file.file,
    section,
    key,
    rest: key.slice(file.prefix.length),
    text,
  })
  const common = file.common.find((leaf) => leaf.key === key)
  const localOf = (dc: string) => file.local.get(dc)?.find((leaf) => leaf.key === key)
  const locals = [...there.keys()].filter((dc) => localOf(dc))
  const [first] = values
  if (values.every((value) => value === first)) {
    const drop = locals.map((dc) => edit(dc, null))
    if (first === undefined) return { edits: [...(common ? [edit(null, null)] : []), ...drop], left: null }
    return { edits: [...(common?.text === first ? [] : [edit(null, first as string)]), ...drop], left: null }
  }
  const gone = [...there].filter(([, value]) => value === undefined).map(([dc]) => dc)
  if (common && gone.length > 0)
    return left(
      `is gone only in ${gone.join(', ')}, and a common key is everywhere: put it back, or write it below \`local\` of the others`,
    )
  const edits = [...there].flatMap(([dc, value]) => {
    const local = localOf(dc)
    if (value === undefined) return local ? [edit(dc, null)] : []
    if (value === common?.text) return local ? [edit(dc, null)] : []
    return local?.text === value ? [] : [edit(dc, value as string)]
  })
  return { edits, left: null }
}

/** The file of the longest prefix. */
function nearest(files: readonly SettingsFile[], key: string): SettingsFile | undefined {
  return files
    .filter(({ prefix }) => key.startsWith(prefix) && key.length > prefix.length)
    .toSorted((a, b) => b.prefix.length - a.prefix.length)[0]
}
