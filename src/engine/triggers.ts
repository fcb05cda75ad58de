import { isOnJenkins, isOnService } from '../core/trigger/on.ts'
import type { TriggerSettings } from '../core/trigger/settings.ts'
import type { Look } from '../core/trigger/standing.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { catalogOn } from '../tools/consul/catalog.ts'
import { createAsk } from '../tools/consul/watch/ask.ts'
import { createLease } from './alerts/lease.ts'
import { namesOf } from './consul/everywhere.ts'
import { lookupsOf, maskOf } from './consul/lookups.ts'
import type { Crew } from './crew.ts'
import type { CrewParts } from './parts.ts'
import type { EngineParts } from './perform.ts'
import { fire } from './triggers/fire.ts'
import type { Found } from './triggers/found.ts'
import { lookFor, placesOf, whatOf } from './triggers/look.ts'
import { createReports } from './triggers/reports.ts'
import { createRounds } from './triggers/rounds.ts'
import { createSeen, type Place } from './triggers/seen.ts'

export type TriggerParts = Pick<CrewParts, 'site' | 'catalog' | 'store' | 'audit' | 'now' | 'consul'> &
  Pick<EngineParts, 'redis' | 'keys'> & {
    readonly log: Log
    /** A variable of this process, by its name: what the site names for Jenkins. */
    readonly variable: (name: string) => string | undefined
  }

const CONSUL_EVERY_MS = 2_000
/** Jenkins reads builds from its disk, and is slow at it. */
const JENKINS_EVERY_MS = 12_000

/**
 * Looks for what the site's triggers are about, on one bot at a time, and asks for their lines. What was had already is in Redis, so that another
 * bot goes on where one ended; what came while nobody looked is found by the next look.
 */
export function createTriggers(parts: TriggerParts, crew: Pick<Crew, 'ask'>) {
  const { redis, keys, site, store, now, log, consul, variable } = parts
  const ask = createAsk(consul.address, consul.token)
  const [seen, lookups] = [createSeen(parts), lookupsOf(parts)]
  const stopped = new AbortController()
  const looks = { catalog: catalogOn(ask), ask, site, redis, keys, variable, stop: stopped.signal }
  const reports = createReports({ now, log, mask: maskOf(parts), keep: store.triggers.looked })
  const triggers = Object.entries(site.triggers)
  const ofJenkins = triggers.filter(([, { on }]) => isOnJenkins(on))
  const ofConsul = triggers.filter(([, { on }]) => !isOnJenkins(on))

  const mine = () => !stopped.signal.aborted && lease.fence() !== null

  async function look(some: typeof triggers): Promise<void> {
    const wide = some.some(([, { on }]) => isOnService(on) && on.dc === undefined)
    const { names, wrong } = wide ? await datacenters() : { names: [], wrong: null }
    await Promise.all(
      some.map(async ([name, settings]) => {
        const places = placesOf(settings, names).map((where) => ({
          trigger: name,
          what: whatOf(settings, site),
          where,
        }))
        const found = await Promise.all(places.map((place) => lookAt(settings, place)))
        const nowhere = { where: 'datacenters', at: now(), saw: null, wrong }
        if (mine()) await reports.keep(name, places.length === 0 ? [nowhere] : found)
      }),
    )
  }

  async function datacenters(): Promise<{ names: readonly string[]; wrong: string | null }> {
    try {
      const names = await namesOf(lookups)
      if (names.length > 0) reports.say('datacenters', null)
      return { names, wrong: names.length > 0 ? null : 'Consul names no datacenter.' }
    } catch (error) {
      reports.say('datacenters', messageOf(error))
      return { names: [], wrong: messageOf(error) }
    }
  }

  async function lookAt(settings: TriggerSettings, place: Place): Promise<Look> {
    try {
      return reports.lookOf(place, { saw: await begin(settings, place), wrong: null })
    } catch (error) {
      // What is called off is not wrong.
      if (!mine()) return { where: place.where, at: now(), saw: null, wrong: null }
      return reports.lookOf(place, { saw: null, wrong: messageOf(error) })
    }
  }

  /** Begins what is new there, and gives what it saw. */
  async function begin(settings: TriggerSettings, place: Place): Promise<string> {
    const { found, saw, lost, done } = await lookFor(looks, settings, place)
    const ids = found.map(({ id }) => id)
    if (!mine()) return saw
    if (await seen.begin(place, settings.existing ? [] : ids))
      log.info({ ...place, there: ids.length }, 'a trigger looks for the first time')
    await seen.still(place, ids)
    if (lost !== undefined) await tellLost(place, lost)
    const ready = found.filter((each) => each.ready)
    const fresh = await seen.fresh(
      place,
      ready.map(({ id }) => id),
    )
    const failures = new Map<string, unknown>()
    for (const each of ready.filter(({ id }) => fresh.has(id))) {
      if (!mine()) return saw
      // One that cannot be begun now keeps no other one waiting.
      await take(settings, place, each).catch((error: unknown) => failures.set(each.id, error))
    }
    await done?.(new Set(failures.keys()))
    for (const error of failures.values()) throw error
    return saw
  }

  async function take(settings: TriggerSettings, place: Place, each: Found): Promise<void> {
    const { trigger } = place
    if (each.passed === undefined) await fire({ crew, parts, log }, trigger, settings, each)
    else {
      log.info({ trigger, happened: each.id, why: each.passed }, 'a trigger passed something over')
      await store.triggers.turned(trigger, 'passed', { at: now(), what: each.what, why: each.passed })
    }
    await seen.add(place, each.id)
  }

  async function tellLost({ trigger }: Place, what: string): Promise<void> {
    log.warn({ trigger, what }, 'a trigger could not look at all that happened')
    await store.triggers.turned(trigger, 'lost', { at: now(), what, why: 'Only the newest of them were looked at.' })
  }

  const failed = (error: unknown) => log.warn({ error: messageOf(error) }, 'triggers: not looked at, it is tried again')
  const rounds = createRounds(
    [
      ...(ofConsul.length > 0 ? [{ every: CONSUL_EVERY_MS, work: () => look(ofConsul) }] : []),
      ...(ofJenkins.length > 0 ? [{ every: JENKINS_EVERY_MS, work: () => look(ofJenkins) }] : []),
    ],
    { may: mine, failed },
  )
  const lease = createLease(
    { redis, keys, now, log },
    { taken: () => void rounds.kick(), lost: () => {} },
    { lease: keys.triggersLease, fence: keys.triggersFence, what: 'triggers' },
  )
  return {
    kick: rounds.kick,
    async stop(): Promise<void> {
      stopped.abort()
      await rounds.stop()
      await lease.stop()
    },
  }
}
