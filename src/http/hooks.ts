import type { IncomingMessage } from 'node:http'
import { CommandError, parseCommand } from '../core/command.ts'
import type { WebhookSettings } from '../core/webhook/settings.ts'
import { readHook } from '../core/webhook.ts'
import { AuditUnavailable } from '../engine/audit/unavailable.ts'
import type { Crew } from '../engine/crew.ts'
import { newId } from '../engine/id.ts'
import type { CrewParts } from '../engine/parts.ts'
import { UserError } from '../errors.ts'
import { readBody } from './body.ts'
import { Refusal } from './refusal.ts'
import { verified } from './verify.ts'

export type HookParts = {
  readonly crew: Pick<Crew, 'ask'>
  readonly parts: Pick<CrewParts, 'site' | 'catalog' | 'store' | 'audit' | 'now'>
  /** The secret of a name that the site gives. */
  readonly secret: (name: string) => string
}

export type HookAnswer = { readonly execution: string; readonly line: string } | { readonly ignored: string }

/** Takes a signed request: all of it is checked before anything is done, and it is done once. Throws a `Refusal`. */
export async function takeHook(hooks: HookParts, name: string, request: IncomingMessage): Promise<HookAnswer> {
  const { site, audit, now } = hooks.parts
  const settings = Object.hasOwn(site.webhooks, name) ? site.webhooks[name] : undefined
  if (!settings) throw new Refusal(404, 'There is no such webhook.')
  try {
    const body = await readBody(request)
    const secret = hooks.secret(settings.secret)
    const proof = verified(settings.signed, { headers: request.headers, body, secret, now: now() })
    // GitHub asks once whether anybody is there; it has nothing of what the site looks for.
    if (settings.signed === 'github' && request.headers['x-github-event'] === 'ping')
      return { ignored: 'It is here, and the secret is the right one.' }
    return await begin(hooks, { name, settings, proof }, json(body, request))
  } catch (error) {
    // What was asked for and refused stands in the audit already; what came from anybody is recorded once a minute, so that it fills nothing.
    if (error instanceof Refusal && [400, 401, 413].includes(error.status)) {
      const about = { kind: 'refused', who: `webhook:${name}`, via: 'webhook', why: error.message } as const
      await audit.note(about, `refused:hook:${name}:${error.status}:${Math.floor(now() / 60_000)}`)
    }
    throw error
  }
}

type Taken = { readonly name: string; readonly settings: WebhookSettings; readonly proof: string }

/** The signature is the request's key: a second one of the same signature starts nothing, whenever it comes. */
async function begin(hooks: HookParts, { name, settings, proof }: Taken, body: unknown): Promise<HookAnswer> {
  const { crew, parts } = hooks
  const request = `webhook:${name}:${proof}`
  const id = newId(request)
  if (await parts.store.execution(id)) throw replayed(id)
  const asked = orBad(() => readHook(parts.site, settings, body))
  if (!asked) return { ignored: 'The site wants nothing done with this one (`only`).' }
  const { line, askers } = asked
  const parsed = orBad(() => parseCommand(parts.catalog, line))
  if (parsed.command.answer) throw new Refusal(400, `\`${parsed.name}\` only answers; a webhook starts executions.`)
  const origin = { channel: parts.site.channels[settings.channel] ?? null, via: 'webhook' } as const
  const caller = { actor: { kind: 'webhook', name }, origin, request, askers } as const
  const reply = await crew.ask(line, caller).catch((error: unknown) => {
    if (error instanceof AuditUnavailable)
      throw new Refusal(503, 'The audit cannot be written, so nothing is taken now.')
    if (error instanceof CommandError) throw new Refusal(400, error.message)
    if (error instanceof UserError) throw new Refusal(403, error.message)
    throw error
  })
  if (reply.kind !== 'started') throw new Error(`${line} started nothing.`)
  if (reply.before) throw replayed(id)
  return { execution: reply.execution.id, line: reply.execution.line }
}

/** A new webhook of GitHub sends forms, and nothing there says so. */
const CHOOSE_JSON = 'With GitHub, choose the content type application/json in the settings of its webhook.'

function replayed(execution: string): Refusal {
  return new Refusal(409, 'This request was taken before; nothing was done now.', { execution })
}

function json(body: Buffer, { headers }: IncomingMessage): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    const form = headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    throw new Refusal(400, form ? `The body is a form, not JSON. ${CHOOSE_JSON}` : 'The body is not JSON.')
  }
}

function orBad<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof UserError) throw new Refusal(400, error.message)
    throw error
  }
}
