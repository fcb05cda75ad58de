import { triggerLine } from '../../core/trigger/line.ts'
import type { TriggerSettings } from '../../core/trigger/settings.ts'
import { messageOf, UserError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { AuditUnavailable } from '../audit/unavailable.ts'
import { maskOf } from '../consul/lookups.ts'
import type { Crew } from '../crew.ts'
import { newId } from '../id.ts'
import { TooLate, Unanswered } from '../late.ts'
import type { CrewParts } from '../parts.ts'
import type { Found } from './found.ts'

export type FireParts = {
  readonly crew: Pick<Crew, 'ask'>
  readonly parts: Pick<CrewParts, 'site' | 'catalog' | 'store' | 'audit' | 'now' | 'consul'>
  readonly log: Log
}

/**
 * Asks for the line of a trigger, once for each thing that happened: the request's key is what happened, whichever bot asks and however often.
 * What is refused is refused for good, and is in the audit. Throws where it may be tried again.
 */
export async function fire(
  { crew, parts, log }: FireParts,
  name: string,
  settings: TriggerSettings,
  { id, what, values }: Found,
): Promise<void> {
  const request = `trigger:${name}:${id}`
  const who = `trigger:${name}`
  const mask = maskOf(parts)
  const happened = mask(what)
  const noted = (execution: string) => parts.store.triggers.fired(name, { at: parts.now(), what: happened, execution })
  // The store knows a request for a day, an execution for as long as it is kept.
  const before = newId(request)
  if (await parts.store.execution(before)) return noted(before)
  try {
    const line = await checkedLine({ parts, request, who }, settings, values)
    const channel = settings.channel === undefined ? null : (parts.site.channels[settings.channel] ?? null)
    const origin = { channel, via: 'trigger' } as const
    const reply = await crew.ask(line, { actor: { kind: 'trigger', name }, origin, request })
    if (reply.kind !== 'started') throw new UserError(`${line} started nothing.`)
    log.info({ trigger: name, happened: id, execution: reply.execution.id }, 'a trigger began an execution')
    await noted(reply.execution.id)
  } catch (error) {
    const passing = error instanceof AuditUnavailable || error instanceof TooLate || error instanceof Unanswered
    if (!(error instanceof UserError) || passing) throw error
    const why = mask(messageOf(error))
    log.warn({ trigger: name, happened: id, why }, 'a trigger was refused')
    await parts.store.triggers.turned(name, 'refused', { at: parts.now(), what: happened, why })
  }
}

type Asking = { readonly parts: FireParts['parts']; readonly request: string; readonly who: string }

async function checkedLine(
  { parts, request, who }: Asking,
  settings: TriggerSettings,
  values: Found['values'],
): Promise<string> {
  try {
    return triggerLine(parts.catalog, settings, values)
  } catch (error) {
    if (error instanceof UserError) {
      const about = { kind: 'refused', who, via: 'trigger', line: settings.line, why: error.message } as const
      await parts.audit.note(about, `refused:${request}`)
    }
    throw error
  }
}
