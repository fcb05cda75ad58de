import { randomUUID } from 'node:crypto'
import type { Actor } from '../core/actor.ts'
import type { Asked } from '../core/workflow.ts'
import type { Crew } from '../engine/crew.ts'
import type { CrewParts } from '../engine/parts.ts'
import { UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Message } from './limits.ts'
import { errorMessage, refusalMessage } from './messages.ts'

/** What the listeners work with. `openForm` asks in a modal for what is missing; where there is none (a mention) it is null. */
export type Desk = {
  readonly crew: Crew
  readonly parts: CrewParts
  readonly log: Log
  readonly openForm: (trigger: string, view: object) => Promise<void>
  asked(actor: Actor): Promise<Asked>
}

/** Slack wants its answer within three seconds; one goes to the way there and back. */
const ANSWER_WITHIN_MS = 2_000

/**
 * The answer, whatever happens: what was done, the refusal of a `UserError`, the id of an error of ours, or after two seconds that
 * the store does not answer. Null where there is nothing to say.
 */
export async function inTime(desk: Desk, work: () => Promise<Message | null>): Promise<Message | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Message>((resolve) => {
    timer = setTimeout(() => resolve(refusalMessage(TOO_LATE)), ANSWER_WITHIN_MS)
  })
  try {
    return await Promise.race([work().catch((error: unknown) => answerTo(desk, error)), late])
  } finally {
    clearTimeout(timer)
  }
}

const TOO_LATE =
  'The bot could not answer within two seconds; its store may be away. If no message about it appears here, nothing was started: try again.'

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
  return parts.store.first(`said:${key}`).catch(() => true) // with the store away, saying it twice is better than not at all
}

/** How long a request may still be stored; after that its asker was told that it was not. */
export function storedUntil(now: number): number {
  return now + ANSWER_WITHIN_MS - 200
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
