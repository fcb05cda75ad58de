import type { Actor } from '../actor.ts'
import { type State, sickFirst } from './health.ts'

/** An instance as it was last told. `said`: what is wrong with it, in a line; empty where nothing is. */
export type WatchedInstance = {
  readonly dc: string
  readonly node: string
  readonly id: string
  readonly place: string
  readonly state: State
  readonly said: string
}

export type WatchChange =
  /** `from` is null for one that came. */
  | { readonly what: 'came' | 'went' | 'turned'; readonly from: State | null; readonly instance: WatchedInstance }
  | { readonly what: 'blind'; readonly dc: string; readonly why: string }
  | { readonly what: 'sees'; readonly dc: string; readonly instances: number }
  | { readonly what: 'over' | 'stopped'; readonly by: Actor | null }

/** What is told in one reply. `missed`: it happened while nobody looked, so nobody knows when, or what was between. */
export type WatchNote = {
  readonly n: number
  readonly at: number
  readonly missed: boolean
  /** The first ones; `more` counts the others, which nobody lists. */
  readonly changes: readonly WatchChange[]
  readonly more?: number
}

/** A service that somebody follows for a while, in a thread. `version` is compared when it is stored. Times: milliseconds since 1970. */
export type ServiceWatch = {
  readonly id: string
  readonly version: number
  readonly service: string
  /** Null: in all datacenters. */
  readonly dc: string | null
  readonly by: Actor
  /** Id of the channel; null: where the site tells such things. */
  readonly channel: string | null
  readonly from: number
  readonly until: number
  /** The datacenters that have answered so far; null before the first look. */
  readonly looked: readonly string[] | null
  readonly instances: readonly WatchedInstance[]
  /** Those that do not answer, and since when. */
  readonly blind: readonly { readonly dc: string; readonly why: string; readonly since: number }[]
  /** The newest ones; `told` counts all there ever were. */
  readonly notes: readonly WatchNote[]
  readonly told: number
  readonly ended: { readonly at: number; readonly by: Actor | null } | null
}

/** What one datacenter says now, or why it says nothing. */
export type WatchLook =
  | { readonly dc: string; readonly instances: readonly WatchedInstance[]; readonly trouble?: never }
  | { readonly dc: string; readonly trouble: string }

/** A reply lists fewer; a service of thousands that all turn at once must not make its record huge. */
const KEPT_CHANGES = 20

/** The message needs the last ones, and the replies that wait to be posted. */
const KEPT_NOTES = 40

/** A service that never comes to rest fills no thread: after so many replies only the message goes on. */
export const MOST_NOTES = 200

/**
 * A watch after a look, or null where there is nothing to store. Datacenters that are not among the looks stay as they were; one that does not
 * answer keeps its instances, since nobody saw them go.
 */
export function afterLook(
  watch: ServiceWatch,
  looks: readonly WatchLook[],
  { now, missed }: { readonly now: number; readonly missed: boolean },
): ServiceWatch | null {
  const first = watch.looked === null
  const changes: WatchChange[] = []
  let { instances, blind } = watch
  let looked = watch.looked ?? []
  for (const look of looks) {
    const was = blind.find(({ dc }) => dc === look.dc)
    if (look.trouble !== undefined) {
      if (was) continue
      blind = [...blind, { dc: look.dc, why: look.trouble, since: now }]
      changes.push({ what: 'blind', dc: look.dc, why: look.trouble })
      continue
    }
    if (was) {
      blind = blind.filter(({ dc }) => dc !== look.dc)
      changes.push({ what: 'sees', dc: look.dc, instances: look.instances.length })
    }
    const before = instances.filter(({ dc }) => dc === look.dc)
    // Of what was never seen nobody can say that it came.
    if (looked.includes(look.dc)) changes.push(...differences(before, look.instances))
    else looked = [...looked, look.dc]
    instances = [...instances.filter(({ dc }) => dc !== look.dc), ...look.instances]
  }
  const next = { ...watch, looked, instances, blind }
  if (first) return next
  if (changes.length > 0) return noted(next, { at: now, missed, changes })
  // A datacenter that joined later: nothing to tell, but from now on there is something to compare with.
  return looked.length > (watch.looked?.length ?? 0) ? next : null
}

/** What came, went and turned. One that is registered anew under its old name and stands as before is no change. */
function differences(before: readonly WatchedInstance[], after: readonly WatchedInstance[]): WatchChange[] {
  const old = new Map(before.map((each) => [keyOf(each), each]))
  const now = new Set(after.map(keyOf))
  const news = sickFirst(after, ({ state, id }) => ({ state, name: id })).flatMap((instance): WatchChange[] => {
    const was = old.get(keyOf(instance))
    if (!was) return [{ what: 'came', from: null, instance }]
    return was.state === instance.state ? [] : [{ what: 'turned', from: was.state, instance }]
  })
  const gone = before.filter((each) => !now.has(keyOf(each)))
  return [...gone.map((instance): WatchChange => ({ what: 'went', from: instance.state, instance })), ...news]
}

const keyOf = ({ node, id }: WatchedInstance) => `${node}\n${id}`

/** By itself when its time is over, or by somebody. Null where it has ended already. */
export function ended(
  watch: ServiceWatch,
  { now, by }: { readonly now: number; readonly by: Actor | null },
): ServiceWatch | null {
  if (watch.ended) return null
  const note = { at: now, missed: false, changes: [{ what: by ? ('stopped' as const) : ('over' as const), by }] }
  return { ...noted(watch, note), ended: { at: now, by } }
}

function noted(watch: ServiceWatch, note: Omit<WatchNote, 'n'>): ServiceWatch {
  const n = watch.told + 1
  const more = Math.max(note.changes.length - KEPT_CHANGES, 0)
  // Of whole datacenters first: there are few, and they explain the rest.
  const changes = note.changes.toSorted((one, other) => Number('instance' in one) - Number('instance' in other))
  const kept = { ...note, n, changes: changes.slice(0, KEPT_CHANGES), ...(more > 0 ? { more } : {}) }
  return { ...watch, told: n, notes: [...watch.notes, kept].slice(-KEPT_NOTES) }
}
