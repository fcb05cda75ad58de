import { z } from 'zod'
import { pattern } from '../pattern.ts'
import { name } from '../site/words.ts'

const datacenter = z.string().regex(/^[a-z0-9_-]{1,64}$/, { error: 'expected the name of a datacenter (dc1)' })

/** Names as Consul has them, which takes nearly any. A part that is only dots would be another question in a path. */
const called = z
  .string()
  .regex(/^[A-Za-z0-9_][\w.:/@+-]{0,127}$/, {
    error:
      'expected a name as it is in Consul: letters, digits and _ . : / @ + -, beginning with one of the first three',
  })
  .refine((text) => text.split('/').every((part) => !['', '.', '..'].includes(part)), {
    error: 'expected a name as it is in Consul, with something but dots between its slashes',
  })

/** An instance of a service that is there and passes for the first time. Without `dc` in every datacenter. */
const onService = z.strictObject({ service: called, tag: z.string().min(1).optional(), dc: datacenter.optional() })

/**
 * `consul event -name=deploy 1.4`. Consul hands events on within one datacenter only and has no way to ask another one for them, so that there
 * is no `dc` here. `payload`: the pattern that all of what comes with it must fit.
 */
const onEvent = z.strictObject({ event: called, payload: pattern.optional() })

/** How a build of Jenkins ends (https://javadoc.jenkins.io/hudson/model/Result.html). */
export const buildResults = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED'] as const
export type BuildEnd = (typeof buildResults)[number]

const RESULTS = { error: `expected any, or a list of ${buildResults.join(', ')}` }
const result = z
  .union([z.literal('any'), z.enum(buildResults), z.array(z.enum(buildResults)).min(1)], RESULTS)
  .transform((given): readonly BuildEnd[] =>
    given === 'any' ? buildResults : typeof given === 'string' ? [given] : given,
  )

const parameter = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a parameter' })

/** The end of a build of a job that stands under `jenkins`. */
const onJenkins = z.strictObject({
  jenkins: name,
  result: result.default(['SUCCESS']),
  /** Parameters of the build, each with the pattern that all of its value must fit. */
  parameters: z.record(parameter, pattern).default({}),
  /** Whether builds that Groundcrew itself started count too. Where its line starts the same job it would go round for ever. */
  own: z.boolean().default(false),
})

const KINDS = ['service', 'event', 'jenkins']
const SHAPES =
  '{ service, tag?, dc? } or { event, payload? }, names as Consul has them and payload a regular expression, or { jenkins, result?, parameters?, own? }'

export const triggerOn = z.union([onService, onEvent, onJenkins], {
  error: ({ input, errors }) => {
    const fields = typeof input === 'object' && input !== null ? Object.keys(input) : []
    const meant = KINDS.filter((kind) => fields.includes(kind))
    const [only = ''] = meant
    // What is wrong with the one that is meant says more than what all three look like.
    const issues = meant.length === 1 ? (errors as z.core.$ZodIssue[][] | undefined)?.[KINDS.indexOf(only)] : undefined
    const why = (issues ?? []).map(({ path, message }) => [...path, message].join(': ')).join('; ')
    return why || `expected ${SHAPES}`
  },
})

export type TriggerOn = z.infer<typeof triggerOn>
export type OnService = z.infer<typeof onService>
export type OnEvent = z.infer<typeof onEvent>
export type OnJenkins = z.infer<typeof onJenkins>

export function isOnService(on: TriggerOn): on is OnService {
  return 'service' in on
}

export function isOnJenkins(on: TriggerOn): on is OnJenkins {
  return 'jenkins' in on
}
