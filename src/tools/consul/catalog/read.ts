import type { Answer, Ask, Question } from '../watch/ask.ts'
import { ConsulFailure } from '../watch/failure.ts'

/**
 * How far an answer may be believed. `knownLeader` and `lastContactMs` are as the headers say, null where an answer has none (1.8.7
 * sends none with status/* and catalog/datacenters). `filtered`: rows were left out because the token may not read them; without the
 * header (before Consul 1.11, and for a request without a token) null: nobody knows.
 */
export type Fresh = {
  readonly knownLeader: boolean | null
  readonly lastContactMs: number | null
  readonly filtered: boolean | null
}

export type Read<T> = { readonly rows: T; readonly fresh: Fresh }

/** Where and how something is read. `limitMs` is for each question. */
export type Reading = {
  readonly dc: string
  readonly limitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const LIMIT_MS = 5_000

function freshOf(headers: Headers): Fresh {
  const leader = headers.get('x-consul-knownleader')
  const contact = headers.get('x-consul-lastcontact')
  const filtered = headers.get('x-consul-results-filtered-by-acls')
  return {
    knownLeader: leader === null ? null : leader === 'true',
    lastContactMs: contact !== null && /^\d+$/.test(contact) ? Number(contact) : null,
    filtered: filtered === null ? null : filtered === 'true',
  }
}

/** Of several reads that make one answer, the worst of each. */
export function worst(...all: readonly Fresh[]): Fresh {
  const known = <T>(pick: (fresh: Fresh) => T | null) => all.flatMap((fresh) => pick(fresh) ?? [])
  const leaders = known((fresh) => fresh.knownLeader)
  const contacts = known((fresh) => fresh.lastContactMs)
  const filters = known((fresh) => fresh.filtered)
  return {
    knownLeader: leaders.length === 0 ? null : leaders.every(Boolean),
    lastContactMs: contacts.length === 0 ? null : Math.max(...contacts),
    filtered: filters.length === 0 ? null : filters.some(Boolean),
  }
}

type Asking = Reading & {
  readonly path: string
  /** `for the services of dc1`. */
  readonly what: string
  readonly query?: Readonly<Record<string, string>>
  readonly also?: Question['also']
}

/**
 * Asks one datacenter. While nobody leads it, its servers are asked what they last knew (`stale`): old news that says so is better than none
 * while people look for what broke.
 */
export async function answerOf(ask: Ask, asking: Asking): Promise<Answer> {
  const { path, what, dc, query = {}, limitMs = LIMIT_MS, signal, also = [] } = asking
  const question = (more: Readonly<Record<string, string>>): Question => ({
    path: `${path}?${new URLSearchParams({ dc, ...query, ...more })}`,
    ...{ what, limitMs, signal, also },
  })
  try {
    return await ask(question({}))
  } catch (error) {
    if (!(error instanceof ConsulFailure) || error.kind !== 'leaderless') throw error
    return ask(question({ stale: '' }))
  }
}

/** The same as JSON, in the shape that `shape` makes of it. Throws a `ConsulFailure` where something else came. */
export async function readJson<T>(ask: Ask, asking: Asking, shape: (found: unknown) => T): Promise<Read<T>> {
  const { status, headers, body } = await answerOf(ask, asking)
  const rows = shapedBy(asking.what, () => shape(status === 404 ? undefined : parsed(body)))
  return { rows, fresh: freshOf(headers) }
}

/** What is wrong with the shape, told with what was asked. */
export function shapedBy<T>(what: string, shape: () => T): T {
  try {
    return shape()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConsulFailure('malformed', `What Consul said, asked ${what}, is not what it should say: ${why}.`, {
      cause,
    })
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    const begin = body.toString('utf8', 0, 40).replace(/\s+/g, ' ')
    throw new Error(`it is no JSON and begins with ${JSON.stringify(begin)}`, { cause })
  }
}
