import { nameOf } from '../core/actor.ts'
import type { Execution } from '../core/execution.ts'
import { newExecution } from '../core/execution.ts'
import { dryRun } from '../engine/request.ts'
import { UserError } from '../errors.ts'
import { stageKinds } from '../stages/index.ts'
import { typedLine } from './line.ts'
import { actorFor, catalogFor, dryRunSite } from './places.ts'
import { stageLines } from './plan-stages.ts'
import type { Ended, Given } from './verb.ts'
import { usageOf } from './verbs.ts'

/** `plan`: the execution that a line would start, with no server and nothing stored; or the bot's own refusal. */
export async function planVerb(given: Given): Promise<Ended> {
  const line = typedLine(given.words)
  if (!line) throw new UserError(`\`crew plan\` needs a command line.\n${usageOf('plan')}`)
  const site = await dryRunSite(given)
  const actor = actorFor(site, given.options.as)
  const catalog = await catalogFor(given.env, site)
  const parts = { site, catalog, kinds: stageKinds, groups: async () => new Map() }
  const wanted = await dryRun(parts, line, { actor, origin: { channel: null, via: 'shell' } })
  const execution = newExecution(wanted, Date.now())
  return { out: given.options.json ? JSON.stringify(execution, null, 2) : described(execution), code: 0 }
}

function described(execution: Execution): string {
  const { line, actor, environment, lifetime, stages, promotion } = execution
  const facts: [string, string | null][] = [
    ['asked by', nameOf(actor)],
    ['environment', environment],
    ['stays up for', lifetime],
    ['goes on in', promotion ? promotion.environments.slice(1).join(', then ') : null],
  ]
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(14)}${value}`]))
  return [line, ...lines, '', ...stageLines(stages), '', 'Nothing was stored and nothing was run.'].join('\n')
}
