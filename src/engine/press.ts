import { randomUUID } from 'node:crypto'
import type { Actor } from '../core/actor.ts'
import { idOf } from '../core/actor.ts'
import type { Event } from '../core/event.ts'
import type { Execution } from '../core/execution.ts'
import { forgottenText } from '../core/retention.ts'
import type { Deadline } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { recordLate } from './audit.ts'
import type { CrewParts } from './parts.ts'

/** Who presses what. `request` is the key by which a second delivery of it is known. */
export type Press = {
  readonly actor: Actor
  readonly what: string
  readonly request?: string | undefined
  readonly until?: Deadline | undefined
}

/** A second delivery of the same click changes nothing and is no refusal either; what comes too late changes nothing and is one. */
export async function tell(parts: CrewParts, execution: Execution, event: Event, press: Press) {
  const { actor, what, request = randomUUID(), until } = press
  const about = pressOf(execution, actor, what)
  const next = await recordLate(parts.audit, about, request, () =>
    parts.store.tell(execution.id, event, request, until),
  )
  parts.kick()
  return next
}

/** A refusal is told to the person and recorded, once for each press. */
export function refusing(parts: CrewParts, execution: Execution, { actor, what, request = randomUUID() }: Press) {
  return async (why: string): Promise<never> => {
    await parts.audit.note({ kind: 'refused', ...pressOf(execution, actor, what), why }, `refused:${request}`)
    throw new UserError(why)
  }
}

export function pressOf({ id, line, environment }: Execution, actor: Actor, what: string) {
  return { who: idOf(actor), what, line, execution: id, ...(environment ? { environment } : {}) }
}

/** Throws a `UserError` where there is none any more. */
export async function existing({ store, site }: CrewParts, id: string): Promise<Execution> {
  const execution = await store.execution(id)
  if (!execution)
    throw new UserError(
      `There is no execution \`${id}\` any more, so this button does nothing. ${forgottenText(site, id)}`,
    )
  return execution
}
