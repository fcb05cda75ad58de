import { z } from 'zod'
import { name } from '../site/words.ts'
import { takenBy } from '../webhook/settings.ts'

const datacenter = z.string().regex(/^[a-z0-9_-]{1,64}$/, { error: 'expected the name of a datacenter (dc1)' })
/** Names as Consul has them; nothing that would be another question in a path. */
const called = z.string().regex(/^[A-Za-z0-9_][\w.-]{0,127}$/, { error: 'expected a name as it is in Consul' })

/** An instance of a service that is there and passes for the first time. Without `dc` in every datacenter. */
const onService = z.strictObject({ service: called, tag: z.string().min(1).optional(), dc: datacenter.optional() })

/**
 * `consul event -name=deploy 1.4`. Consul hands events on within one datacenter only and has no way to ask another one for them, so that there
 * is no `dc` here. `payload`: the pattern that all of what comes with it must fit.
 */
const onEvent = z.strictObject({
  event: called,
  payload: z.string().refine(isPattern, { error: 'expected a regular expression' }).optional(),
})

/** What happens in Consul, and the line that is asked for then, with the rights of `trigger:<name>`. */
export const triggerSettings = z.strictObject({
  on: z.union([onService, onEvent], {
    error:
      'expected { service, tag?, dc? } or { event, payload? }: names as Consul has them, payload a regular expression',
  }),
  /** The command line, with `{node}` and others where a value goes. */
  line: z.string().min(1),
  /** Whether what is there already when it is looked at for the first time counts too. */
  existing: z.boolean().default(false),
  channel: name.optional(),
})

export type TriggerSettings = z.infer<typeof triggerSettings>
export type OnService = z.infer<typeof onService>
export type OnEvent = z.infer<typeof onEvent>

export function isOnService(on: TriggerSettings['on']): on is OnService {
  return 'service' in on
}

type Triggers = {
  readonly triggers: Readonly<Record<string, TriggerSettings>>
  readonly channels: Readonly<Record<string, string>>
}

const OF_SERVICE = ['node', 'service', 'id', 'address', 'dc']

/** A line takes what there is and nothing else, and answers in a channel that there is. */
export function checkTriggers({ triggers, channels }: Triggers, context: z.RefinementCtx): void {
  for (const [name, { on, line, channel }] of Object.entries(triggers)) {
    const say = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['triggers', name, field], message })
    if (channel && !Object.hasOwn(channels, channel))
      say('channel', `names the channel ${channel}, which is not under channels`)
    const known = isOnService(on) ? OF_SERVICE : on.payload === undefined ? ['event'] : ['event', 'payload']
    for (const each of takenBy(line).filter((each) => !known.includes(each)))
      say('line', `takes {${each}}; here there is ${known.map((one) => `{${one}}`).join(', ')}${hintFor(each)}`)
    if (/[{}]/.test(line.replaceAll(/\{[A-Za-z_]\w*\}/g, ''))) say('line', 'has a brace that belongs to no {value}')
  }
}

function hintFor(field: string): string {
  return field === 'payload' ? ' (a payload only where `on.payload` says the pattern that it must fit)' : ''
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}
