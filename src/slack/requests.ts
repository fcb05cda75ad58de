import type { Actor } from '../core/actor.ts'
import type { Catalog } from '../core/command.ts'
import { FieldErrors, MissingArguments } from '../core/command.ts'
import type { Execution } from '../core/execution.ts'
import { plainText, tidy } from '../core/text.ts'
import type { Deadline } from '../core/workflow.ts'
import type { Reply } from '../engine/crew.ts'
import { FieldRefusal } from '../errors.ts'
import { privateAnswer } from './answer.ts'
import type { Desk } from './desk.ts'
import { inTime, once, said } from './desk.ts'
import type { Message } from './limits.ts'
import { withLiveChoices } from './live-choices.ts'
import { answerMessage, refusalMessage } from './messages.ts'
import { argumentsModal, fieldsOf } from './modal.ts'

/** Who typed, where, and with which trigger a modal may be opened (null where Slack gives none). */
export type Person = {
  readonly team: string
  readonly user: string
  readonly channel: string
  readonly trigger: string | null
}

type FormNote = { readonly name: string; readonly channel: string; readonly given: Record<string, string> }

/** Which delivery of what Slack sends it is, and how long it may still be stored. */
export type Delivery = { readonly request: string; readonly until: Deadline }

/** A typed line, as Slack really sends it, and its answer. What is missing is asked for in a modal. */
export async function typed(desk: Desk, raw: string, person: Person, delivery: Delivery): Promise<Message | null> {
  const caller = {
    actor: { kind: 'slack', team: person.team, user: person.user } as const,
    origin: { channel: person.channel, via: 'slack' } as const,
    ...delivery,
  }
  try {
    const line = bare(plainText(raw))
    return await messageOf(desk, await desk.crew.ask(line, caller), {
      user: person.user,
      line,
      request: delivery.request,
    })
  } catch (error) {
    if (!(error instanceof MissingArguments) || !person.trigger) throw error
    return askForMissing(desk, error, person, person.trigger)
  }
}

/** People type the slash out of habit: `@groundcrew /loadtest status`. */
function bare(line: string): string {
  return line.replace(/^\/(crew\s+)?/, '')
}

async function askForMissing(
  desk: Desk,
  missing: MissingArguments,
  person: Person,
  trigger: string,
): Promise<Message | null> {
  const actor: Actor = { kind: 'slack', team: person.team, user: person.user }
  await desk.crew.checkName(missing.command, actor)
  const entry = desk.parts.catalog.entries.get(missing.command)
  if (!entry) throw missing
  if (!(await once(desk, `form:${trigger}`))) return null
  const given = Object.fromEntries(Object.entries(missing.given).map(([name, value]) => [name, String(value)]))
  const note: FormNote = { name: missing.command, channel: person.channel, given }
  const view = argumentsModal({
    name: missing.command,
    arguments: await withLiveChoices(desk, entry.arguments),
    given: missing.given,
    missing: missing.missing,
    privateMetadata: JSON.stringify(note),
  })
  try {
    await desk.openForm(trigger, view)
    return null
  } catch (error) {
    desk.log.warn({ err: error }, 'form not opened')
    return refusalMessage(missing.message)
  }
}

export type Submitted = {
  readonly channel: string
  readonly message?: Message
  readonly errors?: Record<string, string>
}

/** A form that was sent: the same checks as for a typed line, with the reason beside each field. */
export async function submitted(
  desk: Desk,
  view: { id: string; private_metadata: string; state: { values: unknown } },
  who: { team: string; user: string },
): Promise<Submitted> {
  const note = JSON.parse(view.private_metadata) as FormNote
  const entered = fieldsOf(view.state.values)
  const fields = Object.fromEntries(
    Object.entries(entered).map(([name, value]) => [name, value === null ? (note.given[name] ?? null) : tidy(value)]),
  )
  const { name, channel } = note
  const result = await submittedFields(desk, { name, fields, channel, view: view.id, who })
  return result.refused === undefined
    ? result
    : { channel, errors: { [firstField(desk.parts.catalog, name, entered)]: result.refused } }
}

/** The fields of a command from a form: `view` is the id of the form, by which a second delivery is known. */
export type FormRequest = {
  readonly name: string
  readonly fields: Record<string, string | null>
  readonly channel: string
  readonly view: string
  readonly who: { readonly team: string; readonly user: string }
}

/** Does what a form asks for. `errors` are of its arguments; `refused` is about the whole of it. */
export async function submittedFields(
  desk: Desk,
  { name, fields, channel, view, who }: FormRequest,
): Promise<Submitted & { readonly refused?: string }> {
  const caller = {
    actor: { kind: 'slack', ...who } as const,
    origin: { channel, via: 'slack' } as const,
    request: `view:${view}`,
  }
  const submit = async (until: Deadline): Promise<Submitted & { readonly refused?: string }> => {
    try {
      const to = { user: who.user, line: name, request: caller.request }
      return { channel, message: await messageOf(desk, await desk.crew.submit(name, fields, { ...caller, until }), to) }
    } catch (error) {
      if (error instanceof FieldErrors) return { channel, errors: { ...error.errors } }
      if (error instanceof FieldRefusal) return { channel, errors: { [error.field]: error.message } }
      throw error
    }
  }
  return inTime(desk, submit, (message) => ({ channel, refused: said(message) }))
}

/** A form can only show an error beside a field: the first one stands for the whole. */
function firstField(catalog: Catalog, name: string, entered: Record<string, string | null>): string {
  return Object.keys(entered)[0] ?? catalog.entries.get(name)?.arguments[0]?.name ?? 'value'
}

type To = Parameters<typeof privateAnswer>[2]

async function messageOf(desk: Desk, reply: Reply, to: To): Promise<Message> {
  if (reply.kind === 'answered') return privateAnswer(desk, reply.answer, to)
  return answerMessage({ text: acceptance(reply.execution) })
}

function acceptance(execution: Execution): string {
  return `\`${execution.line}\` is stored as \`${execution.id}\`; its message in the channel says how it goes.`
}
