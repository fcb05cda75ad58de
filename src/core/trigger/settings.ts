import { z } from 'zod'
import { name } from '../site/words.ts'
import { takenBy } from '../webhook/settings.ts'
import { isOnJenkins, isOnService, type TriggerOn, triggerOn } from './on.ts'

/** What happens in Consul or Jenkins, and the line that is asked for then, with the rights of `trigger:<name>`. */
export const triggerSettings = z.strictObject({
  on: triggerOn,
  /** The command line, with `{node}` and others where a value goes. */
  line: z.string().min(1),
  /** Whether what is there already when it is looked at for the first time counts too. */
  existing: z.boolean().default(false),
  channel: name.optional(),
})

export type TriggerSettings = z.infer<typeof triggerSettings>

type Triggers = {
  readonly triggers: Readonly<Record<string, TriggerSettings>>
  readonly channels: Readonly<Record<string, string>>
  readonly jenkins: Readonly<Record<string, unknown>>
}

const OF_SERVICE = ['node', 'service', 'id', 'address', 'dc']
const OF_BUILD = ['job', 'number', 'result']

/** A line takes what there is and nothing else, and answers in a channel that there is. */
export function checkTriggers({ triggers, channels, jenkins }: Triggers, context: z.RefinementCtx): void {
  for (const [name, { on, line, channel }] of Object.entries(triggers)) {
    const say = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['triggers', name, field], message })
    if (channel && !Object.hasOwn(channels, channel))
      say('channel', `names the channel ${channel}, which is not under channels`)
    if (isOnJenkins(on)) {
      if (!Object.hasOwn(jenkins, on.jenkins))
        say('on', `names the job ${on.jenkins}; under jenkins there are ${Object.keys(jenkins).join(', ') || 'none'}`)
      for (const each of Object.keys(on.parameters).filter((each) => OF_BUILD.includes(each)))
        say('on', `has the parameter ${each}; {${each}} is what the trigger itself gives`)
    }
    const known = valuesOf(on)
    for (const each of takenBy(line).filter((each) => !known.includes(each)))
      say('line', `takes {${each}}; here there is ${known.map((one) => `{${one}}`).join(', ')}${hintFor(on, each)}`)
    if (/[{}]/.test(line.replaceAll(/\{[A-Za-z_]\w*\}/g, ''))) say('line', 'has a brace that belongs to no {value}')
  }
}

/** The values that a line may take. */
function valuesOf(on: TriggerOn): string[] {
  if (isOnService(on)) return OF_SERVICE
  if (isOnJenkins(on)) return [...OF_BUILD, ...Object.keys(on.parameters)]
  return on.payload === undefined ? ['event'] : ['event', 'payload']
}

function hintFor(on: TriggerOn, field: string): string {
  if (field === 'payload') return ' (a payload only where `on.payload` says the pattern that it must fit)'
  return isOnJenkins(on)
    ? ' (a parameter of the build only where `on.parameters` says the pattern that it must fit)'
    : ''
}
