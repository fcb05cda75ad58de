import { createHash } from 'node:crypto'
import type { Person } from '../core/actor.ts'
import { DRIFT_TIMES, driftScheduleOf } from '../core/kv/settings.ts'
import type { Schedule } from '../core/schedule.ts'
import type { Site } from '../core/site.ts'
import { ConfigError, messageOf, UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { CrewParts } from './parts.ts'
import { withWake } from './schedule-clock.ts'
import { newSchedule } from './schedule-new.ts'

type Fixed = Site['schedules']['fixed'][string]

const AGAIN_MS = 5_000

/**
 * The schedules of the site file as they stand there now: new ones are added, changed ones take their new times, and those that are
 * gone are removed. What people paused or skipped stays so. Throws a `ConfigError` for a line or a time that cannot be.
 */
export async function reconcileFixed(parts: CrewParts): Promise<void> {
  const { site, store } = parts
  const all = { ...site.schedules.fixed, ...looksForDrift(site) }
  const fixed = Object.entries(all)
  const wanted = await Promise.all(fixed.map(([name, settings]) => checked(parts, name, settings)))
  for (const schedule of wanted) await reconcile(parts, schedule)
  const gone = (await store.schedules.list()).filter((each) => each.fixed && !Object.hasOwn(all, each.id))
  for (const { id } of gone) {
    await store.schedules.alter(id, (current) =>
      current?.fixed ? { schedule: { ...current, state: 'removed', next: null }, effects: [], audit: [] } : null,
    )
  }
  parts.kick()
}

/** What the site says under `drift` of its settings, as schedules. */
function looksForDrift({ kv }: Site): Record<string, Fixed> {
  const looks = Object.entries(kv).flatMap(([name, { drift, channel }]): [string, Fixed][] => {
    if (!drift) return []
    const room = drift.channel ?? channel
    const settings = { line: `kv drift ${name} --quiet`, cron: DRIFT_TIMES[drift.every], tz: 'UTC', owner: drift.owner }
    return [[driftScheduleOf(name), { ...settings, ...(room === undefined ? {} : { channel: room }) }]]
  })
  return Object.fromEntries(looks)
}

/** The same at the start of a bot, which does not end when Redis goes away just then: it is tried again. Gives what stops that. */
export async function keepFixed(parts: CrewParts, log: Log): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined
  const attempt = async (): Promise<void> => {
    try {
      await reconcileFixed(parts)
    } catch (error) {
      if (error instanceof ConfigError) throw error
      log.warn({ error: messageOf(error) }, 'schedules of the site file not stored yet')
      timer = setTimeout(() => void attempt().catch((again) => log.error({ err: again }, 'schedules')), AGAIN_MS)
    }
  }
  await attempt()
  return () => clearTimeout(timer)
}

async function reconcile({ store, now }: CrewParts, made: Schedule): Promise<void> {
  await store.schedules.alter(made.id, (current) => {
    if (current?.request === made.request && current.state !== 'removed') return null
    return withWake(current ? { ...made, version: current.version, past: current.past } : made, null, now())
  })
}

async function checked(parts: CrewParts, name: string, settings: Fixed): Promise<Schedule> {
  const { tz, missed, late, overlap } = parts.site.schedules
  const request = `site:${digestOf([settings, tz, missed, late, overlap])}`
  const { channel: room, owner, ...wish } = settings
  const channel = room === undefined ? null : (parts.site.channels[room] ?? null)
  try {
    return await newSchedule(parts, wish, {
      id: name,
      owner: personOf(parts.site, owner),
      channel,
      request,
      fixed: true,
    })
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause
    throw new ConfigError(`The schedule \`${name}\` of the site file cannot be used: ${messageOf(cause)}`, { cause })
  }
}

function personOf(site: Site, owner: string): Person {
  if (owner.startsWith('shell:')) return { kind: 'shell', user: owner.slice('shell:'.length) }
  const [team, user] = owner.includes('/') ? owner.split('/') : [site.slack.team, owner]
  return { kind: 'slack', team: team ?? '', user: user ?? '' }
}

/** What stands in the site file of a schedule, in one text: another one means that it was changed there. */
function digestOf(settings: unknown): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16)
}
