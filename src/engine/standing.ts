import type { Redis } from 'ioredis'
import type { Execution } from '../core/execution.ts'
import type { Site } from '../core/site.ts'
import { wordOf } from '../core/status-word.ts'
import { imageTarget } from '../core/target.ts'
import type { Keys } from './keys.ts'
import type { Store } from './store.ts'

export type StandingParts = {
  readonly redis: Redis
  readonly keys: Keys
  readonly store: Store
  readonly site: Site
  readonly deadAfter: number
  readonly now: () => number
}

/** A worker that was heard of within a day; `age`: milliseconds since its last beat. */
export type KnownWorker = { readonly id: string; readonly host: string; readonly alive: boolean; readonly age: number }

/** How everything stands now, as it is stored: the same from whichever process it is asked. Ages in milliseconds. */
export type Standing = {
  readonly open: readonly { readonly command: string; readonly status: string; readonly count: number }[]
  /** Judgments that wait for people. */
  readonly waiting: number
  readonly outbox: { readonly messages: number; readonly age: number }
  readonly locks: { readonly held: number; readonly queued: number }
  readonly workers: readonly KnownWorker[]
  readonly alerts: ReadonlyMap<string, number>
}

/** More open executions than this are not read for a look at how things stand. */
const MOST_OPEN = 5_000

export async function readStanding(parts: StandingParts): Promise<Standing> {
  const { store, site } = parts
  const [open, outbox, locks, workers, alerts] = await Promise.all([
    store.list({ limit: MOST_OPEN, open: true }),
    outboxOf(parts),
    locksOf(parts),
    knownWorkers(parts),
    site.alerts ? store.alerts.open() : [],
  ])
  return {
    open: counted(open),
    waiting: open.flatMap(({ stages }) => stages).filter((each) => each.kind === 'judgment' && each.state === 'waiting')
      .length,
    ...{ outbox, locks, workers },
    alerts: new Map([...Map.groupBy(alerts, ({ state }) => state)].map(([state, of]) => [state, of.length])),
  }
}

/** Every worker that said within a day that it lives. */
export async function knownWorkers({ redis, keys, deadAfter, now }: Omit<StandingParts, 'store' | 'site'>) {
  const texts = Object.values(await redis.hgetall(keys.workers))
  return texts.map((text): KnownWorker => {
    const { id, host, until } = JSON.parse(text) as { id: string; host: string; until: number }
    return { id, host, alive: now() <= until, age: Math.max(0, now() - (until - deadAfter)) }
  })
}

function counted(open: readonly Execution[]): Standing['open'] {
  const groups = Map.groupBy(open, (run) => JSON.stringify([run.command, wordOf(run)]))
  return [...groups.values()].map((runs) => {
    const [run] = runs as [Execution]
    return { command: run.command, status: wordOf(run), count: runs.length }
  })
}

/** What should be shown by now and is not, and for how long the oldest of it waits. */
async function outboxOf({ redis, keys, now }: StandingParts): Promise<Standing['outbox']> {
  const due = (await redis.hvals(keys.outboxSince)).map(Number).filter((since) => since <= now())
  return { messages: due.length, age: due.reduce((oldest, since) => Math.max(oldest, now() - since), 0) }
}

async function locksOf({ store, site }: StandingParts): Promise<Standing['locks']> {
  const names = [...Object.keys(site.environments), ...Object.keys(site.images).map(imageTarget)]
  const records = await Promise.all(names.map((name) => store.environment(name)))
  return {
    held: records.filter(({ lock }) => lock !== null).length,
    queued: records.reduce((sum, { queue }) => sum + queue.length, 0),
  }
}
