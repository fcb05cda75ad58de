import { z } from 'zod'
import { ConfigError } from '../../errors.ts'
import type { LiveKind } from '../consul/asking.ts'
import type { Site } from '../site.ts'
import type { Command } from './definition.ts'
import { isFlag, isPositional, type Mark, markOf } from './schema.ts'

export type ArgumentKind = 'text' | 'number' | 'boolean' | 'choice' | 'duration' | 'user' | 'rest'

/** One argument as data: the record from which usage, help, the modal, completion and the tests come. */
export type Argument = {
  readonly name: string
  /** `--for`; a positional has none. One that is needed may have one, too. */
  readonly flag?: string
  /** An optional positional is understood by this flag as well. */
  readonly alias?: string
  readonly required: boolean
  readonly kind: ArgumentKind
  readonly description: string
  /** What a right value is, as it ends a sentence: `one of small, medium, large`. */
  readonly expected: string
  readonly choices?: readonly string[]
  /** Offered from what Consul has at that moment. */
  readonly live?: LiveKind
  readonly default?: string | number | boolean
}

type Unwrapped = {
  inner: z.ZodType
  optional: boolean
  positional: boolean
  standard: unknown
  description: string | undefined
}

/** The arguments of a command on this site, in the order in which they were declared. */
export function argumentsOf(command: Command, site: Site): Argument[] {
  return Object.entries(command.args.shape).map(([name, schema]) => argumentOf(name, schema as z.ZodType, site))
}

/** `size` -> `<size>`, `for` -> `--for`: the argument as it is named in messages. */
export function labelOf(argument: Argument): string {
  return argument.flag ?? `<${spelled(argument.name)}${argument.kind === 'rest' ? '...' : ''}>`
}

function argumentOf(name: string, schema: z.ZodType, site: Site): Argument {
  const { inner, optional, positional, standard, description } = unwrap(schema)
  const mark = markOf(inner)
  const kind = kindOf(name, inner, mark)
  const choices = choicesOf(inner, mark, site)
  return {
    name,
    ...((optional || isFlag(schema)) && kind !== 'rest'
      ? { [positional ? 'alias' : 'flag']: `--${spelled(name)}` }
      : {}),
    required: !optional,
    kind,
    description: description ?? '',
    expected: expectedOf(kind, inner, { choices, mark }),
    ...(choices ? { choices } : {}),
    ...(mark && 'live' in mark ? { live: mark.live } : {}),
    ...(isPlain(standard) ? { default: standard } : {}),
  }
}

/** Takes off `.default()`, `.optional()` and the like; the description may have been said on any layer. */
function unwrap(schema: z.ZodType): Unwrapped {
  const description = schema.description
  const positional = isPositional(schema)
  const outer = (layer: z.ZodType, optional: boolean, standard?: unknown): Unwrapped => {
    const below = unwrap(layer)
    return {
      inner: below.inner,
      optional: optional || below.optional,
      positional: positional || below.positional,
      standard: standard ?? below.standard,
      description: description ?? below.description,
    }
  }
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return outer(schema.unwrap() as z.ZodType, true, schema.def.defaultValue)
  }
  if (schema instanceof z.ZodOptional) return outer(schema.unwrap() as z.ZodType, true)
  if (schema instanceof z.ZodReadonly) return outer(schema.unwrap() as z.ZodType, false)
  if (schema instanceof z.ZodPipe) return outer(schema.in as z.ZodType, false)
  return { inner: schema, optional: false, positional, standard: undefined, description }
}

function kindOf(name: string, inner: z.ZodType, mark: Mark | undefined): ArgumentKind {
  if (mark) return mark.kind
  if (inner instanceof z.ZodEnum || inner instanceof z.ZodLiteral) return 'choice'
  if (inner instanceof z.ZodBoolean) return 'boolean'
  if (inner instanceof z.ZodNumber) return 'number'
  if (inner.def.type === 'string') return 'text'
  throw new ConfigError(
    `The argument \`${name}\` is of a type (${inner.def.type}) that cannot be typed in a line. Use text, numbers, booleans, z.enum or one of sizeOf, environmentOf, imageOf, duration, user, rest.`,
  )
}

function choicesOf(inner: z.ZodType, mark: Mark | undefined, site: Site): readonly string[] | undefined {
  if (mark?.kind === 'choice') return mark.choices(site)
  if (inner instanceof z.ZodEnum) return inner.options.map(String)
  if (inner instanceof z.ZodLiteral) return [...inner.values].map(String)
  return inner instanceof z.ZodBoolean ? ['true', 'false'] : undefined
}

type Known = { choices: readonly string[] | undefined; mark: Mark | undefined }

function expectedOf(kind: ArgumentKind, inner: z.ZodType, { choices, mark }: Known): string {
  if (choices?.length) return `one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`
  if (mark?.kind === 'choice') return `one of the ${mark.what}, of which the site file has none`
  if (kind === 'number') return numberExpected(inner as z.ZodNumber)
  if (kind === 'duration') return 'a duration such as `45m`, `4h` or `1h30m`'
  if (kind === 'user') return 'a person: a mention, a user id (`U01ALICE`) or `shell:<unix user>`'
  return kind === 'rest' ? 'the rest of the line, as it is' : 'text'
}

function numberExpected(schema: z.ZodNumber): string {
  const what = schema.isInt ? 'a whole number' : 'a number'
  const { minValue: min, maxValue: max } = schema
  const low = min !== null && Number.isFinite(min) && min > Number.MIN_SAFE_INTEGER ? min : null
  const high = max !== null && Number.isFinite(max) && max < Number.MAX_SAFE_INTEGER ? max : null
  if (low !== null && high !== null && schema.safeParse(low).success && schema.safeParse(high).success) {
    return `${what} from ${low} to ${high}`
  }
  const above = low === null ? [] : [`${schema.safeParse(low).success ? 'at least' : 'more than'} ${low}`]
  const below = high === null ? [] : [`${schema.safeParse(high).success ? 'at most' : 'less than'} ${high}`]
  return [what, ...above, ...below].join(', ')
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

/** `dryRun` and `dry_run` are typed `dry-run`. */
function spelled(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase()
}
