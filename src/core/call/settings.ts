import { z } from 'zod'
import { milliseconds } from '../duration.ts'
import { secretName } from '../promotion/settings.ts'
import { duration } from '../site/words.ts'

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'expected the name of a header' })

/** Ours, and those that HTTP itself needs. */
const OURS = /^(idempotency-key|content-length|transfer-encoding|connection|host|expect|upgrade|te|trailer)$/i

const headers = <T extends z.ZodType>(value: T) =>
  z.record(headerName, value).superRefine((given, context) => {
    for (const name of Object.keys(given))
      if (OURS.test(name)) context.addIssue({ code: 'custom', path: [name], message: 'is set for you; leave it out' })
  })

const STATUS = { error: 'expected a status or a class of them (204, 2xx)' }
const status = z.union([z.int().min(200).max(599), z.string().regex(/^[2-5]xx$/, STATUS)], STATUS)

const fields = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  url: z
    .url({ protocol: /^https?$/, error: 'expected http:// or https://' })
    .refine((text) => !URL.canParse(text) || (!new URL(text).username && !new URL(text).password), {
      error: 'has a user or a password in it; put it into `secret_headers`',
    })
    .optional(),
  /** Where the address itself is the secret, as with webhooks of chats and pagers: the variable of the worker's environment that has all of it. */
  secret_url: secretName.optional(),
  headers: headers(z.string().regex(/^[\x20-\x7e]*$/, { error: 'expected plain text' })).default({}),
  /** Headers whose whole value is in a variable of the worker's environment, by its name. */
  secret_headers: headers(secretName).default({}),
  /** What counts as done. */
  expect: z.array(status).min(1).default(['2xx']),
  /** Whether it may be sent twice: it does no harm, or whoever takes it looks at `Idempotency-Key`. What only reads may always. */
  idempotent: z.boolean().optional(),
  /** How often it is sent anew, after one second and then twice as long each time; only what may be sent twice, and what was never sent. */
  retries: z.int().min(0).max(10).default(3),
  /** For all of it. */
  timeout: duration.refine((text) => !isLong(text), { error: 'expected at most 1h' }).default('1m'),
})

/** An address outside that a stage may call: exactly this one, whatever anybody types. */
export const callSettings = fields.refine(
  ({ url, secret_url: secret }) => (url === undefined) !== (secret === undefined),
  { error: 'expected exactly one of `url` and `secret_url`' },
)

export type CallSettings = z.infer<typeof callSettings>

function isLong(text: string): boolean {
  try {
    return milliseconds(text) > 3_600_000
  } catch {
    return false
  }
}
