import { randomUUID } from 'node:crypto'
import { distance } from 'fastest-levenshtein'
import { idOf } from '../../core/actor.ts'
import { nearness } from '../../core/command/suggest.ts'
import type { ConsulAnswers } from '../../core/consul/asking.ts'
import { missText } from '../../core/consul/miss.ts'
import { ended, MOST_NOTES, type ServiceWatch } from '../../core/consul/watch.ts'
import { milliseconds } from '../../core/duration.ts'
import { asCode, shown } from '../../core/text.ts'
import type { Asked } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { newId } from '../id.ts'
import type { CrewParts } from '../parts.ts'
import { everywhere } from './everywhere.ts'
import type { Lookups } from './lookups.ts'
import { showNotes } from './watch-records.ts'

/** A conflict means that somebody else moved first; each try reads anew. */
const MOST_TRIES = 50

/** Who follows which service, for one asker. */
export function watchesOf(parts: CrewParts, asked: Asked, lookups: Lookups): ConsulAnswers['watch'] {
  return {
    start: (service, options) => start(parts, asked, lookups, { service, ...options }),
    list: () => parts.store.watches.open(),
    stop: (id) => stop(parts, asked, id),
  }
}

type Wish = { readonly service: string; readonly dc?: string | undefined; readonly for: string }

async function start(parts: CrewParts, asked: Asked, lookups: Lookups, wish: Wish): Promise<ServiceWatch> {
  const { store, site, now } = parts
  const { most, each, longest } = site.consul.watch
  const time = milliseconds(wish.for)
  if (time > milliseconds(longest))
    throw new UserError(`A service is followed for at most ${longest} here, and \`${wish.for}\` is longer.`)
  const key = `consul-watch:${asked.request ?? randomUUID()}`
  const id = newId(key)
  const before = await store.watches.find(id)
  if (before) return before
  await mustBeThere(lookups, wish)
  const open = await store.watches.open()
  const mine = open.filter(({ by }) => idOf(by) === idOf(asked.actor))
  if (mine.length >= each)
    throw new UserError(
      `You follow ${named(mine)} already, and one person follows at most ${each} at once: \`consul unwatch\` ends one.`,
    )
  if (open.length >= most)
    throw new UserError(
      `${open.length} services are followed already, which is the most here: \`consul watches\` lists them.`,
    )
  const watch: ServiceWatch = {
    ...{ id, version: 0, service: wish.service, dc: wish.dc ?? null, by: asked.actor, channel: asked.channel },
    ...{ from: now(), until: now() + time, looked: null, instances: [], blind: [], notes: [], told: 0, ended: null },
  }
  await store.watches.commit({ watch, request: { key, until: asked.until } })
  parts.kick()
  return (await store.watches.find(id)) ?? watch
}

function named(watches: readonly ServiceWatch[]): string {
  return watches.map(({ service, id }) => `${asCode(service)} (\`${id}\`)`).join(', ')
}

/** A misspelt name would be followed for hours, and nothing would ever come. Where nobody can say, it is believed. */
async function mustBeThere(lookups: Lookups, { service, dc }: Wish): Promise<void> {
  const names = await everywhere(lookups, dc, async (reading) => {
    const { rows, fresh } = await lookups.catalog.services(reading)
    return { rows: rows.map(({ name }) => name), fresh }
  })
  const answered = names.datacenters.flatMap((each) => (each.trouble === undefined ? [each.rows] : []))
  const away = answered.length < names.datacenters.length
  if (!away && !answered.some((rows) => rows.includes(service)))
    throw new UserError(missText('service', service, names))
}

async function stop(parts: CrewParts, asked: Asked, typed: string): Promise<string> {
  const { store, now } = parts
  const key = `consul-unwatch:${asked.request ?? randomUUID()}`
  const { id, service } = await find(parts, typed)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const before = await store.watches.find(id)
    if (!before) throw new UserError(`\`${id}\` is over and forgotten.`)
    const after = ended(before, { now: now(), by: asked.actor })
    if (!after) {
      if (await store.seen(key)) break
      return `${asCode(service)} (\`${id}\`) is not followed any more already.`
    }
    const effects = showNotes(before, after, now(), MOST_NOTES)
    const done = await store.watches.commit({ watch: after, effects, request: { key, until: asked.until } })
    if (done === 'conflict') continue
    parts.kick()
    break
  }
  return `${asCode(service)} (\`${id}\`) is not followed any more.`
}

async function find({ store }: CrewParts, typed: string): Promise<ServiceWatch> {
  const wanted = typed.trim().toLowerCase()
  const exactly = await store.watches.find(wanted)
  if (exactly) return exactly
  const open = await store.watches.open()
  const fitting = open.filter(
    ({ id, service }) => (wanted.length >= 3 && id.startsWith(wanted)) || service === typed.trim(),
  )
  const [only] = fitting
  if (only && fitting.length === 1) return only
  const near =
    fitting.length > 0
      ? fitting
      : open.filter(({ id, service }) => distance(id, wanted) <= 2 || nearness(typed, service) !== null)
  if (near.length > 0) throw new UserError(`${shown(typed)} could be ${named(near.slice(0, 3))}: say which by its id.`)
  const all = open.length > 0 ? `There is ${named(open.slice(0, 5))}.` : 'Nothing is followed now.'
  throw new UserError(`Nothing that is followed has the id or the name ${shown(typed)}. ${all}`)
}
