import { placeOf, saidText, sickChecks, stateOf } from '../../core/consul/health.ts'
import type { Instance } from '../../core/consul/rows.ts'
import {
  afterLook,
  ended,
  MOST_NOTES,
  type ServiceWatch,
  type WatchedInstance,
  type WatchLook,
} from '../../core/consul/watch.ts'
import type { Site } from '../../core/site.ts'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { ConsulFailure } from '../../tools/consul/watch.ts'
import { createLease } from '../alerts/lease.ts'
import type { CrewParts } from '../parts.ts'
import type { EngineParts } from '../perform.ts'
import { namesOf, shortly } from './everywhere.ts'
import { type Lookups, lookupsOf, maskOf } from './lookups.ts'
import { showNotes } from './watch-records.ts'

type Mask = (text: string) => string

type Parts = Pick<EngineParts, 'redis' | 'keys' | 'store' | 'now'> & {
  readonly site: Site
  readonly consul: CrewParts['consul']
  readonly log: Log
}

const LOOK_EVERY_MS = 2_000
const LOOK_WITHIN_MS = 1_500
/** One answer that did not come is no news yet; so many in a row are. */
const TROUBLE_AFTER = 3
const KEPT_MS = 7 * 24 * 3_600_000
const FORGET_EVERY_MS = 3_600_000

/**
 * Follows services for those who asked for it, on one bot at a time: whoever has the lease looks, and what he finds is stored before it is
 * told. All of it is in Redis, so that another bot goes on where one died; what changed meanwhile is told once, as what is different now.
 */
export function createServiceWatcher(parts: Parts) {
  const { redis, keys, store, now, log } = parts
  const lookups = lookupsOf(parts)
  const mask = maskOf(parts)
  /** Of this turn: watches that were looked at, and how often in a row which datacenter said nothing. */
  let seen = new Set<string>()
  let silent = new Map<string, number>()
  let looking: Promise<void> | null = null
  let kicked = false

  const lease = createLease(
    { redis, keys, now, log },
    {
      taken: () => {
        seen = new Set()
        silent = new Map()
        kick()
      },
      lost: () => {},
    },
    { lease: keys.consulWatchLease, fence: keys.consulWatchFence, what: 'services are followed' },
  )

  async function look(): Promise<void> {
    const watches = await store.watches.open()
    if (watches.length === 0) return
    const names = await namesOf(lookups).catch((error: unknown) => messageOf(error))
    const answers = new Map<string, Promise<WatchLook>>()
    await Promise.all(
      watches.map((watch) =>
        lookAt(watch, names, answers).catch((error: unknown) =>
          log.warn({ watch: watch.id, error: messageOf(error) }, 'service not looked at, it is tried again'),
        ),
      ),
    )
  }

  async function lookAt(
    watch: ServiceWatch,
    names: readonly string[] | string,
    answers: Map<string, Promise<WatchLook>>,
  ): Promise<void> {
    if (now() >= watch.until) return keep(watch, ended(watch, { now: now(), by: null }))
    // Without the list those that were seen are asked, and say themselves what is wrong.
    const known = [...new Set([...(watch.looked ?? []), ...watch.blind.map(({ dc }) => dc)])]
    const wanted =
      watch.dc !== null ? [watch.dc] : typeof names === 'string' ? known : [...new Set([...names, ...known])]
    const looks = await Promise.all(
      wanted.map((dc) => {
        const key = `${dc}\n${watch.service}`
        const answer = answers.get(key) ?? lookIn(lookups, watch.service, dc, mask)
        answers.set(key, answer)
        return answer
      }),
    )
    const first = watch.looked === null
    const told = looks.filter((each) => believed(watch.id, each) || first)
    if (told.length === 0) return
    const missed = !first && !seen.has(watch.id)
    await keep(watch, afterLook(watch, told, { now: now(), missed }))
    seen.add(watch.id)
  }

  function believed(id: string, { dc, trouble }: WatchLook): boolean {
    const key = `${id}\n${dc}`
    if (trouble === undefined) {
      silent.delete(key)
      return true
    }
    const times = (silent.get(key) ?? 0) + 1
    silent.set(key, times)
    return times >= TROUBLE_AFTER
  }

  /** Where somebody was faster the next look finds how it stands then. */
  async function keep(before: ServiceWatch, after: ServiceWatch | null): Promise<void> {
    if (!after || !lease.fence()) return
    await store.watches.commit({ watch: after, effects: showNotes(before, after, now(), MOST_NOTES) })
  }

  function kick(): void {
    if (!lease.fence()) return
    kicked = true
    looking ??= rounds()
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'services not looked at, it is tried again'))
      .finally(() => {
        looking = null
      })
  }

  async function rounds(): Promise<void> {
    while (kicked) {
      kicked = false
      await look()
    }
  }

  const timer = setInterval(kick, LOOK_EVERY_MS)
  const forget = setInterval(() => {
    if (!lease.fence()) return
    store.watches
      .forget(now() - KEPT_MS)
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'old watches not forgotten, it is tried again'))
  }, FORGET_EVERY_MS)
  return {
    kick,
    async stop(): Promise<void> {
      clearInterval(timer)
      clearInterval(forget)
      await looking
      await lease.stop()
    },
  }
}

async function lookIn({ catalog }: Lookups, service: string, dc: string, mask: Mask): Promise<WatchLook> {
  const signal = AbortSignal.timeout(LOOK_WITHIN_MS)
  try {
    const { rows, fresh } = await catalog.instances(service, { dc, limitMs: LOOK_WITHIN_MS, signal })
    // What was known before the leader went says nothing of now.
    if (fresh.knownLeader === false) return { dc, trouble: 'it has no leader' }
    return { dc, instances: rows.map((row) => watched(dc, row, mask)) }
  } catch (error) {
    if (signal.aborted) return { dc, trouble: `no answer in ${LOOK_WITHIN_MS / 1000} s` }
    if (error instanceof ConsulFailure) return { dc, trouble: shortly(error.message) }
    throw error
  }
}

function watched(dc: string, row: Instance, mask: Mask): WatchedInstance {
  const [worst] = sickChecks(row.checks)
  const said = worst ? saidText({ ...worst, output: mask(worst.output), notes: mask(worst.notes) }) : ''
  return { dc, node: row.node, id: row.id, place: placeOf(row), state: stateOf(row.checks), said }
}
