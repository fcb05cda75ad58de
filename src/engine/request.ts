import { createHash, randomBytes } from 'node:crypto'
import { decide, rolesOf } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import type { ParsedCommand } from '../core/command.ts'
import { parseLine } from '../core/command.ts'
import { milliseconds } from '../core/duration.ts'
import type { NewExecution, Origin } from '../core/execution.ts'
import { planStages } from '../core/planning.ts'
import { wantedOf } from '../core/wanted.ts'
import type { Deadline, Fields, NamedEnvironment } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { environmentOf } from './lifetimes.ts'
import type { CrewParts } from './parts.ts'

/** Who asks, where, and the key by which a second delivery of the same request is known. */
export type Caller = {
  readonly actor: Actor
  readonly origin: Origin
  readonly request: string
  readonly until?: Deadline | undefined
}

/** No vowels and nothing that reads like something else: an id is read aloud and typed on a phone. */
const LETTERS = '23456789bcdfghjkmnpqrstvwxz'

/** The id of what a request starts: the same for every delivery of it, whichever bot gets it. Without a request a new one. */
export function newId(request?: string): string {
  const bytes = request === undefined ? randomBytes(8) : createHash('sha256').update(request).digest().subarray(0, 8)
  return [...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join('')
}

/** The execution that a parsed line asks for, stored nowhere yet. Throws a `UserError` where the site allows less. */
export function planRequest(
  parts: Pick<CrewParts, 'site' | 'kinds'>,
  parsed: ParsedCommand,
  caller: Omit<Caller, 'request'> & { readonly request?: string },
): NewExecution {
  const { command, args, line, name } = parsed
  const wanted = wantedOf(parsed)
  const environment: NamedEnvironment | null = wanted.environment ? environmentOf(parts.site, wanted.environment) : null
  const context = { site: parts.site, environment }
  const lifetime = command.lifetime?.(args) ?? null
  if (lifetime && environment) checkLifetime(lifetime, environment)
  return {
    id: newId(caller.request),
    command: name,
    line,
    args: args as Fields,
    actor: caller.actor,
    allow: command.allow,
    origin: caller.origin,
    environment: wanted.environment,
    lifetime,
    stages: planStages(command.stages?.(args, context) ?? [], parts.kinds, context),
  }
}

/** The dry run: the execution that a line would start. Throws exactly as the bot would refuse. */
export async function dryRun(
  parts: Pick<CrewParts, 'site' | 'kinds' | 'catalog' | 'groups'>,
  text: string,
  caller: Omit<Caller, 'request'>,
): Promise<NewExecution> {
  const parsed = parseLine(parts.catalog, text)
  if (parsed.kind === 'help' || parsed.command.answer) {
    throw new UserError(`\`${text.trim() || 'help'}\` only answers; there is nothing to plan.`)
  }
  const decision = decide(parts.site, rolesOf(parts.site, caller.actor, await parts.groups()), wantedOf(parsed))
  if (!decision.allowed) throw new UserError(decision.why)
  return planRequest(parts, parsed, caller)
}

function checkLifetime(lifetime: string, environment: NamedEnvironment): void {
  if (milliseconds(lifetime) <= milliseconds(environment.lifetime.max)) return
  throw new UserError(
    `${environment.name} may stay up for at most ${environment.lifetime.max}; \`--for ${lifetime}\` is longer.`,
  )
}
