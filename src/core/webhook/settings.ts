import { z } from 'zod'
import { pattern } from '../pattern.ts'
import { secretName } from '../promotion/settings.ts'

const name = z.string().regex(/^[a-z][a-z0-9_-]*$/, { error: 'expected a name of lower-case letters, digits, - and _' })

/** Where a value stands in the JSON: `commit`, `head_commit.author.email`. */
const path = z
  .string()
  .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, { error: 'expected where it stands in the JSON, such as head_commit.id' })

/** A value that a command line may take: the pattern that all of it must fit, and where it stands, if not under its own name. */
const field = z
  .union([pattern, z.strictObject({ pattern, path: path.optional() })])
  .transform((given) => (typeof given === 'string' ? { pattern: given } : given))

const fieldName = z.string().regex(/^[A-Za-z_]\w*$/, { error: 'expected a name of letters, digits and _' })

const person = z
  .string()
  .regex(/^(T[A-Z0-9]+\/)?[UW][A-Z0-9]+$/, { error: 'expected a Slack user id (U01ALICE, never a name)' })

/** A program outside that may ask for one line, by a signed request to `/hooks/<name>`. */
export const webhookSettings = z.strictObject({
  /** The environment variable of the bot that holds the secret both sides sign with. */
  secret: secretName,
  /** `groundcrew`: signed with a time stamp (docs/promotions.md). `github`: as GitHub signs its webhooks. */
  signed: z.enum(['groundcrew', 'github']).default('groundcrew'),
  /** The command line, with `{field}` where a value of the request goes. */
  line: z.string().min(1),
  fields: z.record(fieldName, field).default({}),
  /** What else has to be so, by where it stands; a request of which it is not so is taken and does nothing. */
  only: z.record(path, pattern).default({}),
  /** Where the e-mail address of the commit's author stands. */
  author: path.default('author'),
  /** Who is who: the e-mail address of a commit -> the Slack user id. Whoever wrote the commit cannot approve it. */
  authors: z.record(z.string().regex(/^[^\s@]+@[^\s@]+$/, { error: 'expected an e-mail address' }), person).default({}),
  channel: name,
})

export type WebhookSettings = z.infer<typeof webhookSettings>

type Hooks = {
  readonly webhooks: Readonly<Record<string, WebhookSettings>>
  readonly channels: Readonly<Record<string, string>>
}

/** A line takes what is declared and nothing else, and answers in a channel that there is. */
export function checkWebhooks({ webhooks, channels }: Hooks, context: z.RefinementCtx): void {
  for (const [name, { line, fields, channel }] of Object.entries(webhooks)) {
    const say = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['webhooks', name, field], message })
    if (!Object.hasOwn(channels, channel)) say('channel', `names the channel ${channel}, which is not under channels`)
    const taken = takenBy(line)
    if (/[{}]/.test(line.replaceAll(PLACE, ''))) say('line', 'has a brace that belongs to no {field}')
    if (taken[0] && line.trimStart().startsWith('{')) say('line', 'has to begin with the name of a command')
    for (const each of taken.filter((each) => !Object.hasOwn(fields, each)))
      say('line', `takes {${each}}, which is not under fields`)
    for (const each of Object.keys(fields).filter((each) => !taken.includes(each)))
      say('fields', `declares ${each}, which the line does not take`)
  }
}

const PLACE = /\{([A-Za-z_]\w*)\}/g

/** The fields that a line takes. */
export function takenBy(line: string): string[] {
  return [...line.matchAll(PLACE)].map(([, name = '']) => name)
}

/** The line with the values in their places. */
export function filled(line: string, values: Readonly<Record<string, string>>): string {
  return line.replaceAll(PLACE, (_, name: string) => values[name] ?? '')
}
