import { shapedBy } from './catalog/read.ts'
import { listOf } from './catalog/rows.ts'
import type { Ask } from './watch/ask.ts'

/** An event as `consul event` fires it. `id` is the same on every agent that hears of it. */
export type ConsulEvent = { readonly id: string; readonly name: string; readonly payload: string }

/**
 * The newest events of a name that the agent has heard of, of its own datacenter, at most 256 of all names
 * (https://developer.hashicorp.com/consul/api-docs/event). Throws a `ConsulFailure`.
 */
export async function eventsOf(ask: Ask, name: string, limitMs: number): Promise<ConsulEvent[]> {
  const what = `for the events ${name}`
  const { body } = await ask({ path: `/v1/event/list?${new URLSearchParams({ name })}`, what, limitMs })
  return shapedBy(what, () => listOf(JSON.parse(body.toString('utf8')), eventOf).filter((each) => each.name === name))
}

function eventOf({ ID, Name, Payload }: Readonly<Record<string, unknown>>): ConsulEvent {
  if (typeof ID !== 'string' || ID === '' || typeof Name !== 'string') throw new Error('a row has no ID or no Name')
  // Base64, as all bytes are in Consul's JSON; null for none.
  return {
    id: ID,
    name: Name,
    payload: typeof Payload === 'string' ? Buffer.from(Payload, 'base64').toString('utf8') : '',
  }
}
