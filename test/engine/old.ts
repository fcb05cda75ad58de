import type { Outcome } from '../../src/core/workflow.ts'
import type { Audit } from '../../src/engine/audit.ts'
import { createOutbox } from '../../src/engine/outbox.ts'
import { createProgress } from '../../src/engine/progress.ts'
import { bob, PLAN, planned, wanted, worker } from '../core/world.ts'
import type { Here } from './redis.ts'

export const A_DAY_MS = 24 * 3_600_000

/** An execution whose plan somebody rejected; in the environment `env`, and over. */
export async function rejected({ store, clock }: Here, id: string, env: string | null = 'loadtest'): Promise<void> {
  await store.request(wanted({ id, environment: env }), `ask-${id}`)
  const stage = { stage: PLAN, attempt: 1 }
  await store.tell(id, { type: 'stage.started', ...stage, worker })
  const outcome: Outcome = planned({ files: ['plan.txt'] })
  await store.tell(id, { type: 'stage.ended', ...stage, outcome })
  const judgment = {
    stage: 'judgment',
    decision: 'rejected',
    by: bob,
    at: clock.now,
    digest: 'd1',
    reason: 'no',
  } as const
  await store.tell(id, { type: 'judged', judgment })
}

/** What bots and workers leave of it besides: all that is shown of it, progress, a file, a late copy in doubt, a post without an answer. */
export async function shownOf(here: Here, id: string): Promise<void> {
  const outbox = createOutbox(here.redis, here.keys, here.now)
  const progress = createProgress(here.redis, here.keys)
  await progress.set(id, { stage: PLAN, text: 'planning', at: here.now() })
  await here.redis.set(here.keys.artifact(id, 'plan.txt'), 'sealed', 'EX', 7 * 24 * 3600)
  const names = [`closing:${id}:over`, `file:${id}:plan.txt:1`, `file:${id}:early.txt:1`, `warning:${id}-x2`]
  for (const name of names) await outbox.want(name)
  for (const wish of await outbox.claim(1_000)) {
    const posted = { channel: 'C01OPS', ts: '1.0', digest: 'd' }
    await outbox.intend(wish, { channel: 'C01OPS', at: here.now(), marks: ['m'] })
    await outbox.failed(wish)
    await outbox.remember(wish, posted)
    if (!wish.name.startsWith('file:')) await outbox.settle(wish)
    else await outbox.postpone(wish, here.now() + 60_000, { progress: true })
  }
  await outbox.distrust(`execution:${id}`, { until: here.now() + 30_000, look: true })
}

/** So many executions that ended just now. */
export async function newer(here: Here, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    here.clock.now += 1
    await here.store.request(wanted({ id: `newer${number}`, environment: null, stages: [] }), `ask-newer${number}`)
  }
}

/** Every key, and every name in one, that says this text; the audit's lines and the keys of requests, which lapse, set aside. */
export async function mentions({ redis, keys }: Pick<Here, 'redis' | 'keys'>, text: string): Promise<string[]> {
  const found: string[] = []
  const prefix = keys.executions.replace(/executions$/, '')
  for (const key of await redis.keys(`${prefix}*`)) {
    if (key.startsWith(keys.seen('')) || key === keys.audit) continue
    for (const each of [key, ...(await contentOf({ redis }, key))])
      if (each.includes(text)) found.push(`${key}: ${each}`)
  }
  return found
}

async function contentOf({ redis }: Pick<Here, 'redis'>, key: string): Promise<string[]> {
  switch (await redis.type(key)) {
    case 'hash':
      return Object.entries(await redis.hgetall(key)).flat()
    case 'zset':
      return redis.zrange(key, '0', '-1')
    case 'set':
      return redis.smembers(key)
    case 'list':
      return redis.lrange(key, 0, -1)
    default:
      return []
  }
}

export async function recordedOf(audit: Audit, id: string): Promise<string[]> {
  return (await audit.find({ execution: id, limit: 100 })).map(({ entry }) => entry.kind).reverse()
}
