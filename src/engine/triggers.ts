import type { TriggerSettings } from '../core/trigger/settings.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { catalogOn } from '../tools/consul/catalog.ts'
import { createAsk } from '../tools/consul/watch/ask.ts'
import { createLease } from './alerts/lease.ts'
import { namesOf } from './consul/everywhere.ts'
import { lookupsOf } from './consul/lookups.ts'
import type { Crew } from './crew.ts'
import type { CrewParts } from './parts.ts'
import type { EngineParts } from './perform.ts'
import { fire } from './triggers/fire.ts'
import { lookFor, placesOf, whatOf } from './triggers/look.ts'
import { createSeen, type Place } from './triggers/seen.ts'

export type TriggerParts = Pick<CrewParts, 'site' | 'catalog' | 'store' | 'audit' | 'now' | 'consul'> &
  Pick<EngineParts, 'redis' | 'keys'> & { readonly log: Log }

const LOOK_EVERY_MS = 2_000

/**
 * Looks for what the site's triggers are about, on one bot at a time, and asks for their lines. What was had already is in Redis, so that another
 * bot goes on where one ended; what came while nobody looked is found by the next look.
 */
export function createTriggers(parts: TriggerParts, crew: Pick<Crew, 'ask'>) {
  const { redis, keys, site, now, log, consul } = parts
  const ask = createAsk(consul.address, consul.token)
  const [seen, lookups] = [createSeen(parts), lookupsOf(parts)]
  const looks = { catalog: catalogOn(ask), ask }
  const triggers = Object.entries(site.triggers)
  /** What was wrong where at the last look, so that it is said once. */
  const wrong = new Map<string, string>()
  let looking: Promise<void> | null = null
  let stopped = false

  const mine = () => !stopped && lease.fence() !== null

  async function look(): Promise<void> {
    const names = await namesOf(lookups).catch((error: unknown) => {
      say('datacenters', messageOf(error))
      return []
    })
    if (names.length > 0) say('datacenters', null)
    const all = triggers.flatMap(([name, settings]) =>
      placesOf(settings, names).map((where) => ({ settings, place: { trigger: name, what: whatOf(settings), where } })),
    )
    await Promise.all(
      all.map(({ settings, place }) =>
        lookAt(settings, place).then(
          () => say(`${place.trigger} in ${place.where}`, null),
          (error: unknown) => say(`${place.trigger} in ${place.where}`, messageOf(error)),
        ),
      ),
    )
  }

  async function lookAt(settings: TriggerSettings, place: Place): Promise<void> {
    const there = await lookFor(looks, settings, place.where)
    const ids = there.map(({ id }) => id)
    if (!mine()) return
    if (await seen.begin(place, settings.existing ? [] : ids))
      log.info({ ...place, there: ids.length }, 'a trigger looks for the first time')
    await seen.still(place, ids)
    const ready = there.filter((each) => each.ready)
    const fresh = await seen.fresh(
      place,
      ready.map(({ id }) => id),
    )
    const failures: unknown[] = []
    for (const each of ready.filter(({ id }) => fresh.has(id))) {
      if (!mine()) return
      // One that cannot be begun now keeps no other one waiting.
      await fire({ crew, parts, log }, place.trigger, settings, each)
        .then(() => seen.add(place, each.id))
        .catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }

  function say(what: string, why: string | null): void {
    if (why === (wrong.get(what) ?? null)) return
    if (why === null) {
      wrong.delete(what)
      log.info({ what }, 'triggers: looked at again')
    } else {
      wrong.set(what, why)
      log.warn({ what, why }, 'triggers: not looked at, it is tried again')
    }
  }

  function kick(): void {
    if (!mine()) return
    looking ??= look()
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'triggers: not looked at, it is tried again'))
      .finally(() => {
        looking = null
      })
  }

  const lease = createLease(
    { redis, keys, now, log },
    { taken: kick, lost: () => {} },
    { lease: keys.triggersLease, fence: keys.triggersFence, what: 'triggers' },
  )
  const timer = setInterval(kick, LOOK_EVERY_MS)
  return {
    kick,
    async stop(): Promise<void> {
      stopped = true
      clearInterval(timer)
      await looking
      await lease.stop()
    },
  }
}
