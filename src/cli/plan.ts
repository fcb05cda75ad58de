import { nameOf } from '../core/actor.ts'
import type { Execution } from '../core/execution.ts'
import { newExecution } from '../core/execution.ts'
import type { Json } from '../core/workflow.ts'
import { dryRun } from '../engine/request.ts'
import { UserError } from '../errors.ts'
import { stageKinds } from '../stages/index.ts'
import { typedLine } from './line.ts'
import { actorFor, catalogFor, demoSite } from './places.ts'
import type { Ended, Given } from './verb.ts'
import { usageOf } from './verbs.ts'

/** `plan`: the execution that a line would start, with no server and nothing stored; or the bot's own refusal. */
export async function planVerb(given: Given): Promise<Ended> {
  const line = typedLine(given.words)
  if (!line) throw new UserError(`\`crew plan\` needs a command line.\n${usageOf('plan')}`)
  const site = await demoSite(given)
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
  const steps = stages.flatMap(({ id, kind, input, after }, at) => [
    `${at + 1}. ${id}${id === kind ? '' : ` (${kind})`}${after.length > 0 ? `, after ${after.join(', ')}` : ''}`,
    ...Object.entries(input).flatMap(([name, value]) => (value === undefined ? [] : inputLines(name, value))),
  ])
  return [line, ...lines, '', ...steps, '', 'Nothing was stored and nothing was run.'].join('\n')
}

function inputLines(name: string, value: Json): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`     ${name}: ${textOf(value)}`]
  const fields = Object.entries(value).map(([key, one]) => `       ${key} = ${textOf(one ?? null)}`)
  return fields.length > 0 ? [`     ${name}:`, ...fields] : [`     ${name}: none`]
}

function textOf(value: Json): string {
  if (value === null) return '-'
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ') || 'none'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
