import { UserError } from '../errors.ts'
import type { Constraint } from './version.ts'
import { compareVersions, fits, readConstraints, readVersion } from './version.ts'

/**
 * Which Terraform an environment has: a program by name or full path (OpenTofu is one as well), or a version that is looked for.
 * `stack`: what its `.terraform-version` names, and where there is none, the program.
 */
export type Program =
  | { readonly kind: 'named'; readonly name: string; readonly stack: boolean }
  | { readonly kind: 'version'; readonly text: string; readonly constraints: readonly Constraint[] }

/** A Terraform of this machine. `version` is null where it could not be asked; `from` is where a person would look for it. */
export type Installed = { readonly bin: string; readonly version: string | null; readonly from: string }

/** What stands in the site as `terraform`. Throws a `UserError` that says what may stand there. */
export function readProgram(text: string): Program {
  if (/^\s*[v=!<>~\d]/.test(text) && !/^v(?!\d)/.test(text.trim()))
    return { kind: 'version', text: text.trim(), constraints: readConstraints(text) }
  if (/^[\w/.][^\s\0]*$/.test(text)) return { kind: 'named', name: text, stack: text === 'terraform' }
  throw new UserError(
    `\`${text}\` is no program: expected a name (terraform, tofu), a full path, a version (1.11.4) or a range ("~> 1.11").`,
  )
}

/** The newest that fits. Throws a `UserError` that says what was looked for, where, and what was found there. */
export function chooseInstalled(
  wanted: string,
  installed: readonly Installed[],
  places: readonly string[],
  why = '',
): Installed {
  const constraints = readConstraints(wanted)
  const fitting = installed.flatMap((each) => {
    const version = each.version === null ? null : readVersion(each.version)
    return version && fits(version, constraints) ? [{ each, version }] : []
  })
  const newest = fitting.reduce<(typeof fitting)[number] | null>(
    (best, next) => (best && compareVersions(next.version, best.version) <= 0 ? best : next),
    null,
  )
  if (newest) return newest.each
  const found = installed.map(({ version, from }) => `${version ?? 'one that does not answer'} ${from}`)
  throw new UserError(
    `${why}There is no Terraform ${wanted} on this machine. Looked ${places.join(' and ')}, and found ${found.join(', ') || 'none'}. Install one that fits (\`tfenv install\`), or change \`terraform\` of the environment in the site.`,
  )
}

/**
 * The exact version that a `.terraform-version` file names; its other words (`latest`, `min-required`) pin nothing, so that
 * they are refused with a `UserError`.
 */
export function readVersionFile(text: string): string {
  const line = text
    .split('\n')
    .map((each) => each.replace(/#.*/, '').trim())
    .find((each) => each !== '')
  const version = line === undefined ? null : readVersion(line)
  if (line !== undefined && version && version.numbers.length === 3) return line.replace(/^v/, '')
  throw new UserError(
    `The stack's .terraform-version says \`${line ?? ''}\`; only an exact version such as 1.11.4 is known here. Name one, or set \`terraform\` of the environment to a range.`,
  )
}
