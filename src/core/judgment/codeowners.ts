import { UserError } from '../../errors.ts'

type Rule = { readonly pattern: string; readonly owners: readonly string[] }

/**
 * Who owns a folder by a CODEOWNERS file, as it is written there: of the lines that match, the last one counts, also where it names nobody.
 * The syntax is GitHub's. Throws a `UserError` for a line that GitHub does not take (`!`, `[`, `\`): what it was to mean is nobody's guess.
 */
export function ownersIn(text: string, folder: string): readonly string[] {
  const path = folder.split('/').filter((part) => part !== '' && part !== '.')
  const rules = text.split(/\r?\n/).flatMap((line, at) => readRule(line, at + 1))
  return rules.findLast(({ pattern }) => matches(pattern, path))?.owners ?? []
}

function readRule(line: string, number: number): Rule[] {
  const [pattern, ...owners] = line
    .replace(/(^|\s)#.*$/, '')
    .trim()
    .split(/\s+/)
  if (!pattern) return []
  if (/[![\]\\]/.test(pattern))
    throw new UserError(
      `Line ${number} of CODEOWNERS cannot be read: \`!\`, \`[ ]\` and \`\\\` are not possible there.`,
    )
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
  if (fit.test([...path, ANY_FILE].join('/'))) return true
  // `docs/*` means the files of `docs` and not what lies in its folders.
  if (/[^*]\/\*$/.test(pattern)) return false
  return path.some((_, at) => fit.test(path.slice(0, at + 1).join('/')))
}

function regexOf(pattern: string): RegExp {
  const bare = pattern.replace(/^\//, '').replace(/\/$/, '')
  const anchored = pattern.startsWith('/') || bare.includes('/')
  const source = bare
    .split('/')
    .map((part) =>
      part === '**'
        ? '**'
        : part
            .split(/(\*+|\?)/)
            .map(wildcard)
            .join(''),
    )
    .join('/')
    .replace(/^\*\*\//, '(?:.*/)?')
    .replace(/\/\*\*\//g, '/(?:.*/)?')
    .replace(/\/\*\*$/, '/.*')
    .replace(/^\*\*$/, '.*')
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}$`)
}

function wildcard(text: string): string {
  if (/^\*+$/.test(text)) return '[^/]*'
  if (text === '?') return '[^/]'
  return text.replace(/[.+^${}()|]/g, '\\$&')
}
