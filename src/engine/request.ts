import type { Wanted } from '../core/access.ts'
import { decide, rolesOf } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import { type UnderGlass, underGlass } from '../core/break-glass/glass.ts'
import type { ParsedCommand } from '../core/command.ts'
import { parseLine } from '../core/command.ts'
import { milliseconds } from '../core/duration.ts'
import type { NewExecution, Origin } from '../core/execution.ts'
import { childrenIn } from '../core/nested.ts'
import { checkJudged } from '../core/planning/judged.ts'
import { planStages } from '../core/planning.ts'
import type { Site } from '../core/site.ts'
import { targetOf } from '../core/target.ts'
import { wantedOf } from '../core/wanted.ts'
import type { Deadline, Fields, NamedEnvironment, Stage } from '../core/workflow.ts'
import { CommandFileError, messageOf, UserError } from '../errors.ts'
import { newId } from './id.ts'
import { nesting } from './nested.ts'
import type { CrewParts } from './parts.ts'
import { laterEnvironments, promotionOf } from './promote.ts'

/** Who asks, where, and the key by which a second delivery of the same request is known. */
export type Caller = {
  readonly actor: Actor
  readonly origin: Origin
  readonly request: string
  readonly until?: Deadline | undefined
  /** Who counts as having asked besides the actor: the author of a commit. */
  readonly askers?: readonly string[]
  /** Ids of the break glasses that the actor holds. */
  readonly under?: readonly string[] | undefined
  /** Under which ones it was asked for before: what goes on with that by itself counts as asked for so, too. */
  readonly glass?: readonly UnderGlass[] | undefined
}

/** The execution that a parsed line asks for, stored nowhere yet. Throws a `UserError` where the site allows less. */
export function planRequest(
  parts: Pick<CrewParts, 'site' | 'kinds'> & { readonly catalog?: CrewParts['catalog'] },
  parsed: ParsedCommand,
  caller: Omit<Caller, 'request'> & { readonly request?: string },
  above: readonly string[] = [],
): NewExecution {
  const { command, args, line, name } = parsed
  const wanted = wantedOf(parsed, parts.site)
  const target = targetOf(parts.site, wanted.environment)
  const { environment } = target
  const { catalog } = parts
  const nested =
    catalog &&
    nesting({ ...parts, catalog }, [...above, name], (below, names) => planRequest(parts, below, caller, names))
  const context = { site: parts.site, ...target, ...(nested ? { nested } : {}) }
  const lifetime = command.lifetime?.(args) ?? null
  if (lifetime && environment) checkLifetime(lifetime, environment)
  const id = newId(caller.request)
  const stages = readable(name, () => {
    const planned = planStages(written(() => command.stages?.(args, context)) ?? [], parts.kinds, context)
    if (!command.unsafe) checkJudged(planned)
    return planned
  })
  const promotion = promotionOf(parts, { command, args, id })
  return {
    id,
    command: name,
    line,
    args: args as Fields,
    actor: caller.actor,
    allow: command.allow,
    origin: caller.origin,
    environment: wanted.environment,
    lifetime,
    ...(command.quiet?.(args) ? { quiet: true } : {}),
    ...(promotion ? { promotion } : {}),
    ...(caller.askers ? { askers: caller.askers } : {}),
    ...underGlass(caller.under, caller.actor, caller.glass),
    stages,
  }
}

/** What is wrong with a command file is said to whoever asks, with its name: it is no fault of the bot's. */
function readable<T>(name: string, plan: () => T): T {
  try {
    return plan()
  } catch (error) {
    if (!(error instanceof CommandFileError)) throw error
    throw new UserError(`\`${name}\` cannot be planned, its command file is wrong: ${error.message}`, { cause: error })
  }
}

/** What a command file itself throws is wrong in that file, unless it says something to whoever asks. */
function written<T>(stages: () => T): T {
  try {
    return stages()
  } catch (error) {
    if (error instanceof UserError || error instanceof CommandFileError) throw error
    throw new CommandFileError(messageOf(error), { cause: error })
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
  // Without break glass: it needs no store, which alone knows who holds one.
  const roles = rolesOf(parts.site, caller.actor, await parts.groups())
  for (const wanted of wantedByAll(parsed, parts.site)) {
    const decision = decide(parts.site, roles, wanted)
    if (!decision.allowed) throw new UserError(decision.why)
  }
  const planned = planRequest(parts, parsed, caller)
  for (const wanted of wantedBelow(planned)) {
    const decision = decide(parts.site, roles, wanted)
    if (!decision.allowed) throw new UserError(decision.why)
  }
  return planned
}

/** What the workflows want that are nested in one that is planned: whoever asks has to be allowed each of them too. */
export function wantedBelow({ stages }: { readonly stages: readonly Stage[] }): Wanted[] {
  return childrenIn(stages).map(({ command, allow, args, environment }) => ({ command, allow, args, environment }))
}

/** What a line wants, in the first place and in every later step: all of it has to be allowed. */
export function wantedByAll(parsed: ParsedCommand, site: Site): [Wanted, ...Wanted[]] {
  const wanted = wantedOf(parsed, site)
  return [wanted, ...laterEnvironments(parsed, site).map((environment) => ({ ...wanted, environment }))]
}

function checkLifetime(lifetime: string, environment: NamedEnvironment): void {
  if (milliseconds(lifetime) <= milliseconds(environment.lifetime.max)) return
  throw new UserError(
    `${environment.name} may stay up for at most ${environment.lifetime.max}; \`--for ${lifetime}\` is longer.`,
  )
}
