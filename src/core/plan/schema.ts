import { z } from 'zod'
import { UserError } from '../../errors.ts'

/** What only words depend on may grow in newer versions: where it does not fit, it is left out and the plan is still read. */
const displayed = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)

const change = z.looseObject({
  actions: z.array(z.string()).nullish(),
  replace_paths: displayed(z.array(z.array(z.union([z.string(), z.number()])))),
  importing: z.looseObject({ id: displayed(z.string()) }).nullish(),
  before_sensitive: z.unknown().optional(),
  after_sensitive: z.unknown().optional(),
})

const resourceChange = z.looseObject({
  address: z.string(),
  previous_address: z.string().nullish(),
  mode: z.string().nullish(),
  deposed: z.string().nullish(),
  action_reason: displayed(z.string()),
  change,
})

/** The part of `terraform show -json PLAN` (format 1.x, also OpenTofu's) that a summary needs; everything else is passed over. */
const planSchema = z.looseObject({
  format_version: z.string(),
  terraform_version: displayed(z.string()),
  timestamp: displayed(z.string()),
  applyable: z.boolean().nullish(),
  complete: z.boolean().nullish(),
  errored: z.boolean().nullish(),
  resource_changes: z.array(resourceChange).nullish(),
  resource_drift: z.array(resourceChange).nullish(),
  output_changes: z.record(z.string(), change).nullish(),
  deferred_changes: z.array(z.unknown()).nullish(),
  deferred_action_invocations: z.array(z.unknown()).nullish(),
  action_invocations: z.array(z.unknown()).nullish(),
})

export type Plan = z.infer<typeof planSchema>
export type ResourceChange = z.infer<typeof resourceChange>
export type Change = z.infer<typeof change>

const HOW = 'Save a plan with `terraform plan -out=PLAN` and pass what `terraform show -json PLAN` prints.'

/** A plan always has at least one of these; a state, which has a format version too, has none of them. */
const SIGNS_OF_A_PLAN = [
  'planned_values',
  'resource_changes',
  'resource_drift',
  'output_changes',
  'configuration',
  'applyable',
  'errored',
]

/** Reads a parsed plan. Refuses other majors of the format, and everything that is not a plan, saying what it is instead. */
export function readPlan(json: unknown): Plan {
  const other = whatElse(json)
  if (other) throw refusal(other)
  const parsed = planSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw refusal(`a document whose \`${issue?.path.join('.')}\` is not understood (${issue?.message})`)
}

/** The same from text, as it comes from a file or a pipe. */
export function readPlanText(text: string): Plan {
  const body = text.replace(/^\uFEFF/, '').trim()
  if (body === '') throw refusal('empty')
  if (body.startsWith('PK')) throw refusal('the plan file itself (a zip archive)')
  return readPlan(parse(body))
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    if (/^\{"@level"/.test(body)) throw refusal('the stream of `terraform plan -json`')
    throw refusal('not JSON', cause)
  }
}

function whatElse(json: unknown): string | undefined {
  if (json === undefined || json === null || json === '') return 'empty'
  if (Array.isArray(json)) return 'a list'
  if (typeof json !== 'object') return `a ${typeof json}`
  const keys = Object.keys(json)
  if (keys.length === 0) return 'an empty object'
  if ('@level' in json) return 'a line of the stream of `terraform plan -json`'
  if ('lineage' in json || 'serial' in json) return 'a state file'
  const version = 'format_version' in json ? json.format_version : undefined
  const isPlan = keys.some((key) => SIGNS_OF_A_PLAN.includes(key))
  if ('values' in json && !isPlan) return 'a state (what `terraform show -json` prints when no plan is named)'
  if (typeof version !== 'string') return 'a document without a `format_version`'
  if (!/^1(\.\d+)*$/.test(version)) return `format version ${version}, and only 1.x is understood`
  return isPlan ? undefined : 'a document without planned changes (an empty state, perhaps)'
}

function refusal(what: string, cause?: unknown): UserError {
  return new UserError(`Expected the output of \`terraform show -json PLAN\`, but this is ${what}. ${HOW}`, { cause })
}
