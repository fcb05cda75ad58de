import { z } from 'zod'

const name = z.string().regex(/^[a-z][a-z0-9_-]*$/, { error: 'expected a name of lower-case letters, digits, - and _' })

/** The name of an environment variable that holds a secret. */
export const secretName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, { error: 'expected the name of an environment variable, such as CI_WEBHOOK_SECRET' })

/** An environment, with or without a judgment of its own: `sandbox`, or `{ env: scratch, approve: false }`. */
const step = z
  .union([name, z.strictObject({ env: name, approve: z.boolean().default(true) })])
  .transform((given) => (typeof given === 'string' ? { env: given, approve: true } : given))

/** Where results are reported to: https, or http on this machine alone. */
const address = z.string().regex(/^(https:\/\/[^\s@]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/[^\s@]*)?)$/, {
  error: 'expected https://..., or http:// of this machine; without a password in it',
})

/** How a change goes from one environment to the next; production is always asked for. */
export const promotionSettings = z
  .strictObject({
    scratch: step,
    sandbox: step,
    production: name,
    /** The Terraform variable that `--version` sets; without it there is no `--version`. */
    version: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, { error: 'expected the name of a Terraform variable' })
      .optional(),
    report_url: address.optional(),
    /** The environment variable with the secret that reports are signed with. */
    report_secret: secretName.optional(),
  })
  .refine(({ report_url: url, report_secret: secret }) => (url === undefined) === (secret === undefined), {
    error: 'expected `report_url` and `report_secret` together: a report is always signed',
  })

export type PromotionSettings = z.infer<typeof promotionSettings>

type Environments = {
  readonly environments: Readonly<Record<string, { readonly stack: string | { readonly git: string } }>>
  readonly promotions: Readonly<Record<string, PromotionSettings>>
}

/** The environments have to be there, be three, and have stacks of which one tries out what the next one gets. */
export function checkPromotions({ environments, promotions }: Environments, context: z.RefinementCtx): void {
  for (const [name, { scratch, sandbox, production, version }] of Object.entries(promotions)) {
    const say = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['promotions', name, field], message })
    const steps = { scratch: scratch.env, sandbox: sandbox.env, production }
    for (const [field, environment] of Object.entries(steps)) {
      if (!Object.hasOwn(environments, environment))
        say(field, `names the environment ${environment}, which is not under environments`)
    }
    if (new Set(Object.values(steps)).size < 3) say('production', 'has to be three different environments')
    const stacks = Object.values(steps).flatMap((each) => environments[each]?.stack ?? [])
    const sources = new Set(stacks.map((stack) => (typeof stack === 'string' ? `folder ${stack}` : stack.git)))
    if (sources.size > 1 && version === undefined)
      say(
        'production',
        'has stacks from different places, so that nothing would say that the later ones get what the first one tried: use one repository, one folder, or a `version`',
      )
  }
}
