import { randomUUID } from 'node:crypto'
import type { Decision, Wanted } from '../core/access.ts'
import { decide } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import { idOf } from '../core/actor.ts'
import type { Catalog, Parsed, ParsedCommand } from '../core/command.ts'
import { CommandGroup, MissingArguments, parseFields, parseLine, takeOutside } from '../core/command.ts'
import type { Execution, NewExecution } from '../core/execution.ts'
import type { Answer, Asked } from '../core/workflow.ts'
import { messageOf, UserError } from '../errors.ts'
import { answerOf } from './answers.ts'
import type { AuditEntry } from './audit.ts'
import { recordLate, writeAsked } from './audit.ts'
import { overridersAmong, refusalToOverride } from './freeze.ts'
import type { CrewParts } from './parts.ts'
import type { Caller } from './request.ts'
import { planRequest, wantedBelow, wantedByAll } from './request.ts'
import { rightsOf } from './rights.ts'
import type { Alter } from './store.ts'

/** `started`: an execution was stored (`before`: by an earlier delivery of the same request). `answered`: there is nothing to run. */
export type Reply =
  | { readonly kind: 'started'; readonly execution: Execution; readonly before: boolean }
  | { readonly kind: 'answered'; readonly answer: Answer }

/** Requests of people, from wherever they come: read, checked, planned, stored. Throws a `UserError` for every refusal. */
export function createCrew(parts: CrewParts) {
  const rightsFor = (actor: Actor) => rightsOf(parts, actor)
  const rolesFor = async (actor: Actor) => (await rightsFor(actor)).roles

  /** Reads a line and does it. */
  async function ask(text: string, caller: Caller): Promise<Reply> {
    const { parsed, why } = await recorded(text, caller, () => readOutside(parts.catalog, text))
    return perform(parsed, caller, why)
  }

  /** The same for the fields of a modal. Throws `FieldErrors`. */
  async function submit(name: string, fields: Record<string, string | null>, caller: Caller): Promise<Reply> {
    return perform(await recorded(name, caller, () => parseFields(parts.catalog, name, fields)), caller)
  }

  async function perform(parsed: Parsed, caller: Caller, outside: string | null = null): Promise<Reply> {
    const asked: Asked = {
      actor: caller.actor,
      ...(await rightsFor(caller.actor)),
      channel: caller.origin.channel,
      request: caller.request,
      until: caller.until,
    }
    if (parsed.kind === 'help') {
      await parts.audit.note({ kind: 'asked', ...aboutOf(caller, `help ${parsed.topic}`.trim()) })
      return { kind: 'answered', answer: { text: answerOf(parts, asked).help(parsed.topic) } }
    }
    const [wanted, ...later] = await recorded(parsed.line, caller, () => wantedByAll(parsed, parts.site))
    const about = aboutOf(caller, parsed.line, wanted.environment)
    const { rule } = await check(asked, wanted, { about, request: caller.request })
    for (const each of later) await check(asked, each, { about, request: caller.request })
    const { answer } = parsed.command
    const override = outside === null ? {} : await overriding(parsed, { asked, outside, wanted, caller })
    const planned = answer
      ? null
      : await recorded(parsed.line, caller, () => planRequest(parts, parsed, { ...caller, under: asked.glass }))
    for (const each of planned ? wantedBelow(planned) : []) await check(asked, each, { about, request: caller.request })
    const execution = planned && { ...planned, ...override }
    const started = execution ? { execution: execution.id } : {}
    await writeAsked(parts.audit, { kind: 'asked', ...about, ...started, rule }, caller.request)
    const inTime = <T>(work: () => Promise<T>) => recordLate(parts.audit, about, caller.request, work)
    if (answer) {
      const given = await inTime(() => answered(answer(parsed.args, answerOf(parts, asked)))).catch(
        refusedUnder(asked, { about: { ...about, rule }, request: caller.request }),
      )
      return { kind: 'answered', answer: given }
    }
    if (!execution) throw new Error(`${parsed.line} has nothing to run.`)
    const options = {
      until: caller.until,
      under: asked.glass,
      ...(parsed.command.supersedes ? { alter: superseding(execution, parts.now()) } : {}),
    }
    const stored = await inTime(() => parts.store.request(execution, caller.request, options))
    if (!stored) throw new Error(`${parsed.line} was not stored.`)
    parts.kick()
    return { kind: 'started', ...stored }
  }

  /** `--outside-window`: who may is named by the site for each environment; the execution keeps who it was, and why. */
  async function overriding(
    parsed: ParsedCommand,
    { asked, outside, wanted, caller }: { asked: Asked; outside: string; wanted: Wanted; caller: Caller },
  ): Promise<Pick<NewExecution, 'override'>> {
    const roles = overridersAmong(parts, wanted.environment, asked.roles)
    await recorded(parsed.line, caller, () => {
      if (parsed.command.answer) throw new UserError(`\`${parsed.name}\` only answers; it waits for no window.`)
      if (roles.length === 0) throw new UserError(refusalToOverride(parts, wanted.environment))
    })
    return { override: { by: asked.actor, at: parts.now(), why: outside, rule: `outside_window: ${roles.join(', ')}` } }
  }

  /** Whether somebody may run this; refused loudly and recorded. */
  async function check(asked: Asked, wanted: Wanted, { about, request }: Recorded): Promise<Allowed> {
    const decision = decide(parts.site, asked.roles, wanted)
    if (decision.allowed) return decision
    await parts.audit.note({ kind: 'refused', ...about, why: decision.why }, `refused:${request}`)
    throw new UserError(decision.why)
  }

  /** What an answer refuses is in the audit where it was asked for under break glass: its summary says how everything ended. */
  function refusedUnder({ glass = [] }: Asked, { about, request }: Recorded) {
    return async (error: unknown): Promise<never> => {
      if (glass.length > 0 && error instanceof UserError)
        await parts.audit.note({ kind: 'refused', ...about, why: error.message }, `refused:${request}`)
      throw error
    }
  }

  /** What cannot be understood, or not be planned, is refused and recorded too. */
  async function recorded<T>(line: string, caller: Caller, work: () => T): Promise<T> {
    try {
      return work()
    } catch (error) {
      const why = messageOf(error)
      await parts.audit.note({ kind: 'refused', ...aboutOf(caller, line), why }, `refused:${caller.request}`)
      throw error
    }
  }

  /** Refuses now what would be refused anyway once its arguments are known: nobody fills in a form for nothing. */
  async function checkName(name: string, actor: Actor): Promise<void> {
    const entry = parts.catalog.entries.get(name)
    if (!entry) throw new UserError(`There is no command \`${name}\`.`)
    const environment = typeof entry.command.environment === 'string' ? entry.command.environment : null
    const roles = await rolesFor(actor)
    await check(
      { actor, roles, channel: null },
      { command: name, allow: entry.command.allow, args: {}, environment },
      { about: { who: idOf(actor), line: name }, request: randomUUID() },
    )
  }

  return { ask, submit, checkName, rolesFor, rightsFor }
}

/** An answer that reads another line (`can`) may find it incomplete: that is an answer, and never a form that runs it. */
async function answered(answer: Promise<Answer>): Promise<Answer> {
  return answer.catch((error: unknown) => {
    if (error instanceof MissingArguments) throw new UserError(error.message)
    throw error
  })
}

/** Older requests of the same command that only wait are told to give way, in the commit that stores the newer one. */
function superseding({ id, command, line }: NewExecution, now: number): Alter {
  const why = `\`${line}\` (\`${id}\`) took its place.`
  return (environment) => {
    const claims = [...(environment.lock ? [environment.lock] : []), ...environment.queue]
    const older = claims.filter((claim) => `${claim.line} `.startsWith(`${command} `))
    return {
      environment,
      effects: older.map(({ execution }) => ({ do: 'tell', execution, event: { type: 'superseded', why }, at: now })),
    }
  }
}

/** A form would lose the override, so that a line with one has to be complete. */
function readOutside(catalog: Catalog, text: string): { parsed: Parsed; why: string | null } {
  const { text: rest, why } = takeOutside(text)
  try {
    return { parsed: read(catalog, rest), why }
  } catch (error) {
    if (why !== null && error instanceof MissingArguments) throw new UserError(error.message)
    throw error
  }
}

/** The first word of several commands, alone, asks what there is below it: as with help, only what the asker may run. */
function read(catalog: Catalog, text: string): Parsed {
  try {
    return parseLine(catalog, text)
  } catch (error) {
    if (error instanceof CommandGroup) return { kind: 'help', topic: error.group }
    throw error
  }
}

type Allowed = Extract<Decision, { allowed: true }>
type Recorded = { readonly about: Omit<AuditEntry, 'kind'>; readonly request: string }

function aboutOf({ actor, origin, askers }: Caller, line: string, environment: string | null = null) {
  const where = { ...(environment ? { environment } : {}), ...(origin.channel ? { channel: origin.channel } : {}) }
  const forWhom = askers ? { what: `for ${askers.join(', ')}` } : {}
  return { who: idOf(actor), line, via: origin.via, ...where, ...forWhom }
}

export type Crew = ReturnType<typeof createCrew>
