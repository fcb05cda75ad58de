import { z } from 'zod'
import { duration, name } from './words.ts'

/** `10.0.0.7`, `10.0.0.0/8`, `::1`, `fd00::/8`. */
const address = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'expected an address or a block of addresses (10.0.0.7, 10.0.0.0/8)',
})

/** Who may look at the pages of the bot, and where people find them. Without any of it only signed links open them. */
export const httpSettings = z
  .strictObject({
    /** Where people reach the bot's pages: with it, messages get an **Open** link. */
    public_url: z
      .url({ protocol: /^https?$/, error: 'expected https://HOST, without a path' })
      .refine((text) => /^https?:\/\/[^/?#]+$/.test(text), { error: 'expected https://HOST, without a path' })
      .optional(),
    /** How long a link opens its page, and how long who opened one may go on looking without it. */
    link_lasts: duration.default('7d'),
    session_lasts: duration.default('1h'),
    /** The header in which a proxy says who somebody is, believed from these addresses only; `people` says who that is in Slack. */
    proxy_header: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, { error: 'expected the name of a header (X-Forwarded-Email)' })
      .transform((text) => text.toLowerCase())
      .optional(),
    proxies: z.array(address).default([]),
    people: z
      .record(z.string().min(1), z.string().regex(/^[UW][A-Z0-9]+$/, { error: 'expected a Slack user id (U01ALICE)' }))
      .default({}),
    /** Roles that may look at the queues. */
    operators: z.array(name).default([]),
  })
  .refine((http) => (http.proxy_header === undefined) === (http.proxies.length === 0), {
    error: '`proxy_header` and `proxies` belong together: a header is believed from listed addresses only',
  })

export type HttpSettings = z.infer<typeof httpSettings>

/** A role that there is not would let nobody in, and nobody would see why. */
export function checkHttp(site: { http: HttpSettings; roles: object }, context: z.RefinementCtx): void {
  for (const [at, role] of site.http.operators.entries())
    if (!Object.hasOwn(site.roles, role))
      context.addIssue({ code: 'custom', path: ['http', 'operators', at], message: `there is no role \`${role}\`` })
}
