import { z } from 'zod'
import { buildOutput, prepareOutput } from '../core/bake.ts'
import { applyOutput, healthOutput, planOutput } from '../core/report.ts'

const text = z.string()
const texts = z.array(text)
const value = z.json()
const files = { files: texts.optional() }

/**
 * What a kind gives that says so: a reference to a field that is not here is refused when it is planned, and a value that is not what the
 * field says when it is used. Kinds that are not here give what they give (a script's own JSON), and are only checked when it is used.
 */
export const outputs: Readonly<Record<string, z.ZodObject>> = {
  'terraform.plan': z.object({
    ...anything(planOutput),
    digest: text,
    needsApply: z.boolean(),
    destroy: z.boolean(),
    commit: text,
    tree: text,
    lineage: text,
    headline: text,
    variables: z.record(text, value),
    size: text,
    kept: value,
    rate: z.number(),
    unchanged: z.boolean(),
    owners: texts,
    ownersOf: text,
    ownersWhy: text,
    takesAway: z.boolean(),
    ...files,
  }),
  'terraform.apply': z.object({
    ...anything(applyOutput),
    headline: text,
    empty: z.boolean(),
    lineage: text,
    ...files,
  }),
  health: z.object({ ...anything(healthOutput), for: text, held: value, breaks: value }),
  drift: z.object({ headline: text, loud: z.boolean(), offers: value, ...files }),
  wait: z.object({ waited: z.boolean(), endedBy: text }),
  'release.choose': z.object({
    ...{ service: text, image: text, environment: text, version: text, old: text },
    ...{ needed: z.boolean(), needsApply: z.boolean(), ownsOld: texts, ownsNew: texts },
    ...{ oldSince: value, oldBy: value, inService: texts, passing: z.number(), wanted: z.number(), first: z.boolean() },
    ...{ artifacts: texts, base: text, baseBad: z.boolean(), commit: text, live: text, next: text },
    ...{ stands: z.boolean(), mayReturn: z.boolean() },
  }),
  'packer.prepare': z.object({
    ...anything(prepareOutput),
    image: text,
    version: text,
    needsApply: z.boolean(),
    offers: value,
  }),
  'packer.build': z.object({ ...anything(buildOutput), artifacts: z.array(value), builders: value, ...files }),
  'image.publish': z.object({ image: text, version: text, artifacts: z.array(value) }),
  'load.target': z.object({ urls: texts, scaled: z.number(), wanted: z.number(), owned: texts }),
}

/** The fields of what is read back for messages, of any value. */
function anything({ shape }: z.ZodObject): Record<string, z.ZodType> {
  return Object.fromEntries(Object.keys(shape).map((name) => [name, value]))
}
