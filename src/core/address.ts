import { z } from 'zod'
import { UserError } from '../errors.ts'

/** What is brought in by an import: the address of its block in the stack, and the id that its provider knows it by. */
export type Import = { readonly address: string; readonly id: string }

const NAME = '[\\p{L}_][\\p{L}\\p{N}_-]*'
const KEY = `\\[(?:\\d+|"[^"\\\\\\p{C}]*"|[^\\]"\\\\\\s\\p{C}]+)\\]`
const RESOURCE = new RegExp(
  `^((?:module\\.${NAME}(?:${KEY})?\\.)*)(?!module\\.|data\\.)(${NAME})\\.${NAME}(?:${KEY})?$`,
  'u',
)

/**
 * The address of one managed resource (https://developer.hashicorp.com/terraform/cli/state/resource-addressing). A chat eats the quotes
 * of a key: `x.y[web]` is taken for `x.y["web"]`. Throws a `UserError`.
 */
export function readAddress(text: string): string {
  const wrong = wrongWith(text)
  if (wrong !== null) throw new UserError(`\`${text.slice(0, 80)}\` cannot be imported: ${wrong}.`)
  return text.replace(/\[([^\]"]+)\]/g, (whole, key: string) => (/^\d+$/.test(key) ? whole : `["${key}"]`))
}

/** An address in a command or an input, checked as `readAddress` does. */
export const resourceAddress = () =>
  z.string().refine((text) => wrongWith(text) === null, { error: (issue) => wrongWith(String(issue.input)) ?? '' })

function wrongWith(text: string): string | null {
  if (/^(module\.[^.]+\.)*data\./.test(text)) return 'only resources can be imported, and this reads one'
  const found = text.length <= 500 && RESOURCE.test(text) && !/[$%]\{/.test(text)
  return found ? null : 'expected the address of a resource, such as aws_instance.web or module.net.aws_subnet.a[0]'
}

/** An id as its provider writes it: any text of one line. */
export const resourceId = () =>
  z
    .string()
    .min(1)
    .max(1000)
    .refine((text) => !/\p{Cc}/u.test(text) && text.isWellFormed(), { error: 'expected one line of text' })

/**
 * The configuration that imports it, for a file of its own in the stack (an `import` block, Terraform 1.5). The id is one string
 * and nothing else, whatever is in it (https://developer.hashicorp.com/terraform/language/expressions/strings).
 */
export function importBlock({ address, id }: Import): string {
  const text = JSON.stringify(id).replace(/([$%])\{/g, '$1$1{')
  return `# Made for one plan by groundcrew; it is no part of the stack.\nimport {\n  to = ${readAddress(address)}\n  id = ${text}\n}\n`
}
