import { UserError } from '../../errors.ts'

type Rule = { readonly pattern: string; readonly owners: readonly string[] }

/**
 * Who owns a folder by a CODEOWNERS file, as it is written there: of the lines that match, the last one counts, also where it names nobody.
 * The syntax is GitHub's, with `\` before a space in a name. Throws a `UserError` for a line that GitHub does not take (`!`, `[`, `\#`, a
 * section of GitLab): what it was to mean is nobody's guess.
 */
export function ownersIn(text: string, folder: string): readonly string[] {
  const path = folder.split('/').filter((part) => part !== '' && part !== '.')
  const rules = text.split(/\r?\n/).flatMap((line, at) => readRule(line, at + 1))
  return rules.findLast(({ pattern }) => matches(pattern, path))?.owners ?? []
}

function readRule(line: string, number: number): Rule[] {
  const said = line.replace(/(^|\s)#.*$/, '').trim()
  if (!said) return []
  const [, pattern, rest = ''] = /^((?:\\[^#]|[^\s\\])+)(?:\s+(.*))?$/.exec(said) ?? []
  if (!pattern || pattern.startsWith('!') || /[[\]]/.test(pattern))
    throw new UserError(
      `Line ${number} of CODEOWNERS cannot be read: \`!\`, \`[ ]\` and \`\\#\` are not possible there.`,
    )
  const owners = rest.split(/\s+/).filter(Boolean)
  const wrong = owners.find((owner) => !OWNER.test(owner))
  if (wrong) throw new UserError(`Line ${number} of CODEOWNERS names \`${wrong.slice(0, 60)}\`, which is no owner.`)
  return [{ pattern, owners }]
}

/** `@user`, `@org/team`, `@slack:U01ALICE` or an address. */
const OWNER = /^(@[\w.-]+(\/[\w.-]+)?|@slack:[UW][A-Z0-9]+|[^\s@]+@[^\s@]+)$/

/** A name that only wildcards match: what holds for it holds for whatever lies in the folder. */
const ANY_FILE = '\u0001'

/** A pattern matches a folder where it matches the folder itself, one that it lies in, or everything that may lie in it. */
function matches(pattern: string, path: readonly string[]): boolean {
  const fit = regexOf(pattern)
  const folders = pattern.endsWith('/') && !pattern.endsWith('**/')
  if (!folders && fit.test([...path, ANY_FILE].join('/'))) return true
  // `docs/*` means the files of `docs` and not what lies in its folders, and `/*` those at the top.
  if (pattern.endsWith('/*')) return false
  return path.some((_, at) => fit.test(path.slice(0, at + 1).join('/')))
}

function regexOf(pattern: string): RegExp {
  const bare = pattern.replace(/^\//, '').replace(/\/$/, '')
  const anchored = pattern.startsWith('/') || bare.includes('/')
  const parts = bare.split('/').filter((part, at, all) => part !== '**' || all[at - 1] !== '**')
  const source = parts.map((part, at) => {
    const last = at === parts.length - 1
    if (part === '**') return last ? '.+' : '(?:.*/)?'
    return `${part.replace(/\\(.)|\*+|./g, wildcard)}${last ? '' : '/'}`
  })
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source.join('')}$`)
}

function wildcard(text: string, escaped: string | undefined): string {
  if (escaped === undefined && text.startsWith('*')) return '[^/]*'
  if (text === '?') return '[^/]'
  return (escaped ?? text).replace(/[.+^${}()|*?\\]/g, '\\$&')
}
