import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { ConfigError } from '../errors.ts'

/** YAML that fits a schema. Throws a `ConfigError` that begins with `what` and gives each place and reason. */
export function checkedYaml<Schema extends z.ZodType>(text: string, schema: Schema, what: string): z.infer<Schema> {
  const document = parseDocument(text, { uniqueKeys: true })
  const broken = document.errors[0]
  if (broken) throw new ConfigError(`${what} is not YAML: ${broken.message}`)
  const checked = schema.safeParse(document.toJS() ?? {})
  if (checked.success) return checked.data
  const lines = checked.error.issues.map((issue) => `${issue.path.join('.') || '(the whole file)'}: ${wordsOf(issue)}`)
  throw new ConfigError(`${what} is not right:\n  ${lines.join('\n  ')}`)
}

/** Of a key that is not right the schema of keys knows why; "Invalid key in record" alone helps nobody. */
function wordsOf(issue: z.core.$ZodIssue): string {
  return (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message
}

/** Settings are read once: nobody changes them for the others afterwards, however deep. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}
