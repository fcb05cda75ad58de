import { randomUUID } from 'node:crypto'
import type { Actor } from '../core/actor.ts'
import type { Asked, Deadline } from '../core/workflow.ts'
import type { Crew } from '../engine/crew.ts'
import { within } from '../engine/late.ts'
import type { CrewParts } from '../engine/parts.ts'
import { UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Message } from './limits.ts'
import { errorMessage, refusalMessage } from './messages.ts'
import type { SendFile } from './send-file.ts'

/** What the listeners work with. `openForm` asks in a modal for what is missing; where there is none (a mention) it is null. */
export type Desk = {
  readonly crew: Crew
  readonly parts: CrewParts
  readonly log: Log
  readonly openForm: (trigger: string, view: object) => Promise<void>
  asked(actor: Actor): Promise<Asked>
  /** The signed address of a page, where people can reach one. */
  readonly pageAt?: (path: string) => string | null
  /** Sends the file of an answer to its asker alone; without it files cannot be sent. */
  readonly sendFile?: SendFile
}

/** Slack wants its answer within three seconds; one goes to the way there and back. */
const ANSWER_WITHIN_MS = 2_000

/** What is asked for is stored before then or never, so that what its asker is told stays true. */
const STORED_WITHIN_MS = ANSWER_WITHIN_MS - 200

/** Who speaks first of several bots is not waited for longer than this. */
const ONCE_WITHIN_MS = 300

/**
 * The answer, whatever happens: what was done, the refusal of a `UserError`, the id of an error of ours, or after two seconds that
 * the store does not answer. `work` gets the time within which something may be stored; `told` makes an answer of what else is said.
 */
export async function inTime<T>(
  desk: Pick<Desk, 'log'>,
  work: (until: Deadline) => Promise<T>,
  told: (message: Message) => T,
): Promise<T> {
  const late = after(ANSWER_WITHIN_MS, () => told(refusalMessage(TOO_LATE)))
  const until = within(STORED_WITHIN_MS)
  try {
    return await Promise.race([work(until).catch((error: unknown) => told(answerTo(desk, error))), late.done])
  } finally {
    late.stop()
  }
}

function after<T>(ms: number, value: () => T): { readonly done: Promise<T>; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const done = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(value()), ms)
  })
  return { done, stop: () => clearTimeout(timer) }
}

const TOO_LATE =
  'The bot could not answer within two seconds; its store (Redis) may be away. What no message here shows in a moment was not done, and will not be done later: try again.'

/** What a person is told of an error: a refusal as it is, anything else by an id that is in the log. */
export function answerTo({ log }: Pick<Desk, 'log'>, error: unknown): Message {
  if (error instanceof UserError) return refusalMessage(error.message)
  if (isAway(error))
    return refusalMessage(
      'The bot cannot reach its store (Redis) just now, so nothing was done. Try again in a moment.',
    )
  const id = randomUUID().slice(0, 8)
  log.error({ error: id, err: error }, 'request failed')
  return errorMessage(id)
}

/** True for the first of several bots that got the same event, or the first of several deliveries: the others stay silent. */
export async function once({ parts }: Pick<Desk, 'parts'>, key: string): Promise<boolean> {
  // With the store away, or hanging, saying it twice is better than not at all.
  const anyway = after(ONCE_WITHIN_MS, () => true)
  const first = parts.store.first(`said:${key}`).catch(() => true)
  return Promise.race([first, anyway.done]).finally(anyway.stop)
}

/** The text of a message that is shown where only text is, as in a field of a form. */
export function said(message: Message): string {
  return message.text.replaceAll('`', '').slice(0, 300)
}

function isAway(error: unknown): boolean {
  const text = error instanceof Error ? `${error.name} ${error.message}` : ''
  return /MaxRetriesPerRequest|Stream isn't writeable|ECONNREFUSED|Connection is closed|Command timed out|LOADING/.test(
    text,
  )
}
