import { UserError } from '../errors.ts'

/** A version as Terraform writes it: its numbers (`1.11` has two, and counts as 1.11.0) and what stands behind the dash. */
export type Version = { readonly numbers: readonly number[]; readonly pre: string }

type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '~>'
export type Constraint = { readonly operator: Operator; readonly version: Version }

const VERSION = /^v?(\d{1,6}(?:\.\d{1,6}){0,2})(?:-([0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*))?$/

/** `1.11.4`, `v1.12.0-beta1`; null for everything else. */
export function readVersion(text: string): Version | null {
  const found = VERSION.exec(text.trim())
  if (!found) return null
  return { numbers: (found[1] ?? '').split('.').map(Number), pre: found[2] ?? '' }
}

/**
 * `>= 1.5, < 1.12`, `~> 1.11`, `1.11.4`: the language of Terraform's own `required_version`
 * (https://developer.hashicorp.com/terraform/language/expressions/version-constraints). Throws a `UserError`.
 */
export function readConstraints(text: string): Constraint[] {
  return text.split(',').map((part) => {
    const found = /^\s*(=|!=|>=|<=|>|<|~>)?\s*([^\s=<>~!]+)\s*$/.exec(part)
    const version = found?.[2] === undefined ? null : readVersion(found[2])
    if (!version)
      throw new UserError(
        `\`${text}\` is no version of Terraform: write one (1.11.4) or a range (">= 1.5, < 1.12", "~> 1.11").`,
      )
    return { operator: (found?.[1] ?? '=') as Operator, version }
  })
}

/** Whether a version is within all constraints. A pre-release only fits one that names a pre-release of the same version. */
export function fits(version: Version, constraints: readonly Constraint[]): boolean {
  return constraints.every((constraint) => fitsOne(version, constraint))
}

function fitsOne(version: Version, { operator, version: wanted }: Constraint): boolean {
  const order = compareVersions(version, wanted)
  if (operator === '=') return order === 0
  if (operator === '!=') return order !== 0
  if (version.pre && (!wanted.pre || compareNumbers(version, wanted) !== 0)) return false
  if (operator === '~>') {
    // Only the last number that was written may grow: `~> 1.11` ends before 2, `~> 1.11.0` before 1.12.
    const fixed = wanted.numbers.slice(0, -1)
    return order >= 0 && !(wanted.pre && !version.pre) && fixed.every((number, at) => numberAt(version, at) === number)
  }
  if (operator === '>') return order > 0
  if (operator === '>=') return order >= 0
  return operator === '<' ? order < 0 : order <= 0
}

/** Below zero when the first one is older (https://semver.org, section 11). */
export function compareVersions(one: Version, other: Version): number {
  const order = compareNumbers(one, other)
  if (order !== 0 || one.pre === other.pre) return order
  if (!one.pre || !other.pre) return one.pre ? -1 : 1
  return comparePre(one.pre.split('.'), other.pre.split('.'))
}

function comparePre(one: readonly string[], other: readonly string[]): number {
  for (const [at, part] of one.entries()) {
    const against = other[at]
    if (against === undefined) return 1
    if (part === against) continue
    const [number, numberAgainst] = [/^\d+$/.test(part), /^\d+$/.test(against)]
    if (number && numberAgainst) return Number(part) - Number(against)
    if (number !== numberAgainst) return number ? -1 : 1
    return part < against ? -1 : 1
  }
  return one.length - other.length
}

function compareNumbers(one: Version, other: Version): number {
  for (const at of [0, 1, 2]) {
    const difference = numberAt(one, at) - numberAt(other, at)
    if (difference !== 0) return difference
  }
  return 0
}

function numberAt({ numbers }: Version, at: number): number {
  return numbers[at] ?? 0
}
