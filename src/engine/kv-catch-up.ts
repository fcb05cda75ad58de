import type { Actor } from '../core/actor.ts'
import type { Effect } from '../core/event.ts'
import type { Execution } from '../core/execution.ts'
import type { NamedKv } from '../core/kv/settings.ts'
import { isKv, targetOf } from '../core/target.ts'
import { messageOf, UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import { kvOn } from '../tools/consul/kv.ts'
import { createAsk } from '../tools/consul/watch/ask.ts'
import { AuditUnavailable } from './audit/unavailable.ts'
import type { Crew } from './crew.ts'
import type { Done, Perform } from './effects.ts'
import { TooLate, Unanswered } from './late.ts'
import type { CrewParts } from './parts.ts'

/** How often a datacenter that is away is looked for: seldomer the longer it is away, and after a month no more. */
const LOOK_AGAIN_MS = 5_000
const SELDOM_MS = 60_000
const GIVE_UP_MS = 30 * 86_400_000
const ANSWER_WITHIN_MS = 2_000

/** Whoever is slower than this stores nothing: another bot may have taken over by then. */
const START_WITHIN_MS = 10_000

type Parts = CrewParts & { readonly log: Log }

/**
 * Waits for datacenters that were away when settings were written, and begins what they still have to get. What waits is a stored effect,
 * so that it outlives every process; its request has a key, so that it is begun once.
 */
export function createCatchUp(parts: Parts, crew: Pick<Crew, 'ask'>): Perform {
  const ask = createAsk(parts.consul.address, parts.consul.token)
  return async (effect: Effect): Promise<Done> => {
    if (effect.do !== 'kv-catch-up') throw new Error(`${effect.do} is no catching up.`)
    const { execution: id, dc } = effect
    const execution = await parts.store.execution(id)
    const kv = execution && sourceOf(parts, execution)
    if (!execution || !kv) return 'done' // forgotten, or not in the site any more
    const answers = await kvOn(ask)
      .keys(kv.prefixes[0] ?? `groundcrew-asks-${dc}/`, { dc, limitMs: ANSWER_WITHIN_MS, separator: '/' })
      .then(({ fresh }) => fresh.knownLeader !== false)
      .catch(() => false)
    if (!answers) return again(parts, { name: kv.name, dc, away: parts.now() - effect.at })
    return begin(parts, crew, { execution, kv, dc })
  }
}

function again({ log }: Parts, { name, dc, away }: { name: string; dc: string; away: number }): Done {
  if (away < GIVE_UP_MS) return { againIn: Math.min(Math.max(LOOK_AGAIN_MS, away / 20), SELDOM_MS) }
  log.warn({ kv: name, dc }, 'datacenter was away for a month, it is looked for no more')
  return 'done'
}

async function begin(
  parts: Parts,
  crew: Pick<Crew, 'ask'>,
  { execution, kv, dc }: { execution: Execution; kv: NamedKv; dc: string },
): Promise<Done> {
  const until = parts.now() + START_WITHIN_MS
  const line = `kv apply ${kv.name} --catch-up ${dc}`
  try {
    await crew.ask(line, {
      actor: actorOf(execution, kv),
      origin: { channel: execution.origin.channel, via: 'schedule' },
      request: `kv-catch-up:${execution.id}:${dc}`,
      askers: execution.askers,
      glass: execution.glass,
      until: () => until - parts.now(),
    })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    if (error instanceof AuditUnavailable || error instanceof TooLate || error instanceof Unanswered)
      return { againIn: LOOK_AGAIN_MS }
    // Refused and recorded: whoever asked may no longer. The next `kv apply` of somebody who may brings the datacenter along.
    parts.log.warn({ execution: execution.id, dc, error: messageOf(error) }, 'datacenter not caught up')
  }
  return 'done'
}

/** It acts with the rights that whoever asked has then, as a schedule of his would. */
function actorOf({ actor }: Execution, { name }: NamedKv): Actor {
  if (actor.kind === 'schedule') return { ...actor, id: `kv-${name}` }
  if (actor.kind === 'slack' || actor.kind === 'shell') return { kind: 'schedule', id: `kv-${name}`, owner: actor }
  return actor
}

function sourceOf({ site }: Parts, { environment }: Execution): NamedKv | null {
  if (!isKv(environment)) return null
  try {
    return targetOf(site, environment).kv
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
}
