import { covers } from '../../../src/core/alert/route.ts'
import type { AlertGroup, AlertNote, Silence } from '../../../src/core/alert.ts'
import type { Problem } from './faults.ts'
import { claimsOf, episodesOf, type Known, mayHave, notedWrongly } from './history.ts'
import type { Deeds } from './people.ts'
import { keyOf } from './settings.ts'
import { LIVE, type Said, type Shelf, type Shown } from './shown.ts'
import type { Edit } from './watch.ts'

/** All that is known at rest: what stands in Slack, what is stored, and what was confirmed to people. */
export type Rest = {
  readonly now: number
  readonly shown: readonly Shown[]
  readonly said: readonly Said[]
  readonly edits: readonly Edit[]
  readonly groups: readonly AlertGroup[]
  readonly silences: readonly Silence[]
  readonly deeds: Deeds
}

/** Notes of all groups, also those that are not kept any more. */
export type Notes = Map<string, Map<number, AlertNote>>

/** A silence that ends about now may hold or not. */
const ABOUT = 2_500

export function problemsAt(known: Known, rest: Rest, notes: Notes): Problem[] {
  return [
    ...known.truth.checks.flatMap((check) => checkAt(known, rest, check)),
    ...deniedAt(known, rest),
    ...rest.shown.flatMap((shown) => blindAt(shown)),
    ...statesAt(rest),
    ...copiesIn(rest),
    ...notesAt(known, rest, notes),
    ...rest.edits.flatMap((edit) => claimsOf(known, edit)),
    ...episodesOf(known, rest.edits),
  ]
}

const late = (text: string): Problem => ({ fault: 'late', text })

function shelfIn({ shelves }: Shown, check: string): Shelf | undefined {
  return [...shelves].find(([label]) => label.startsWith(`${check}:`))?.[1]
}

/** The live messages that have a check among what is not over, and how. */
function placesOf({ shown }: Rest, check: string) {
  return shown.flatMap((each) => {
    const shelf = shelfIn(each, check)
    return LIVE.includes(shelf) ? [{ key: each.key, id: each.id, shelf }] : []
  })
}

function checkAt({ truth }: Known, rest: Rest, check: string): Problem[] {
  const state = truth.now(check)
  const places = placesOf(rest, check)
  const told = places.map(({ id, key, shelf }) => `${shelf} in ${id} (${key})`).join(', ') || 'nowhere'
  const text = `${check} is ${state} since ${truth.settledAt(check)}, and shown ${told}`
  if (state === 'passing') return places.length > 0 ? [late(text)] : []
  // Nobody knows whether it was told before it was taken away; if it was, it has vanished.
  if (state === 'gone')
    return places.some(({ shelf }) => shelf !== 'vanished' && shelf !== 'silenced') ? [late(text)] : []
  const key = keyOf(check, state)
  const silenced = silencedAt(rest, check, key)
  const wanted = wantedOf(silenced)
  const right = places.filter((each) => each.key === key)
  if (right.length === 0) return silenced ? [] : [{ fault: 'alerts lost', text }]
  const untrue = places.some((each) => each.key !== key || !wanted.includes(each.shelf))
  return untrue ? [late(`${text}; wanted ${wanted}`)] : []
}

function silencedAt({ silences, now }: Rest, check: string, key: string): boolean | 'maybe' {
  const [rule = '', dc = '', severity = ''] = key.split(' ')
  const named = { check: `service:${check}`, name: `${check} health`, service: check }
  const about = { rule, dc, severity, node: 'demo', tags: [], ...named }
  const fits = silences.filter((each) => covers(each, about) && each.ended === null && each.until > now - ABOUT)
  if (fits.some(({ until }) => until > now + ABOUT)) return true
  return fits.length > 0 ? 'maybe' : false
}

const wantedOf = (silenced: boolean | 'maybe'): readonly (Shelf | undefined)[] =>
  silenced === 'maybe' ? ['firing', 'silenced'] : [silenced ? 'silenced' : 'firing']

function deniedAt(known: Known, rest: Rest): Problem[] {
  const { now } = rest
  const [check, key, label] = ['vault-audit-monitor', 'denied dc1 critical', 'vault-audit-monitor: Denied requests']
  const may = mayHave(known, label, 'failed', now - 2_000, now)
  const must = !mayHave(known, label, 'passed', now - 3_000, now)
  const told = placesOf(rest, check).flatMap((each) => (each.key === key ? [each.shelf] : []))
  const silenced = silencedAt(rest, check, key)
  const text = `${may ? 'too many' : 'few'} denied requests, and shown ${told.join(', ') || 'nowhere'}`
  if (must && told.length === 0) return silenced ? [] : [{ fault: 'alerts lost', text }]
  const untrue = must ? told.some((shelf) => !wantedOf(silenced).includes(shelf)) : !may && told.length > 0
  return untrue ? [late(text)] : []
}

/** Everything can be watched again. */
function blindAt({ key, shelves, id }: Shown): Problem[] {
  const live = [...shelves].filter(([, shelf]) => LIVE.includes(shelf))
  return key.startsWith('blind ') && live.length > 0 ? [late(`${id} says that nobody watches: ${live.join('; ')}`)] : []
}

/** A message says what is stored of its group, an escalation too; two live ones of one kind are one too many. */
function statesAt({ shown, said, groups }: Rest): Problem[] {
  const stored = new Map(groups.map(({ id, state }) => [id, state]))
  const texts = shown.filter(({ id, state }) => stored.get(id) !== state)
  const steps = said.filter(
    ({ name, group, state }) => name.startsWith('alert-escalation:') && stored.get(group) !== state,
  )
  const live = shown.filter(({ shelves }) => [...shelves.values()].some((shelf) => LIVE.includes(shelf)))
  const keys = Map.groupBy(live, ({ key }) => key)
  return [
    ...texts.map(({ id, state }) => late(`${id} says ${state}, and is ${stored.get(id)}`)),
    ...steps.map(({ name, group, state }) => late(`${name} says ${state}, and ${group} is ${stored.get(group)}`)),
    ...[...keys].flatMap(([key, each]): Problem[] =>
      new Set(each.map(({ id }) => id)).size > 1
        ? [{ fault: 'doubled', text: `${key}: ${each.map(({ id }) => id)} are live` }]
        : [],
    ),
  ]
}

function copiesIn({ shown, said }: Rest): Problem[] {
  const times = (names: readonly string[]) =>
    [...Map.groupBy(names, (name) => name)].filter(([, each]) => each.length > 1)
  return [
    ...times(shown.map(({ id }) => id)).map(
      ([id, each]): Problem => ({ fault: 'doubled', text: `${id}: ${each.length} messages` }),
    ),
    ...times(said.map(({ name }) => name)).map(
      ([name, each]): Problem => ({ fault: 'notes doubled', text: `${name}: ${each.length}` }),
    ),
  ]
}

/** Whatever is stored to be said was said, and what a bot confirmed to somebody is stored. */
function notesAt(known: Known, { groups, said, silences, deeds }: Rest, notes: Notes): Problem[] {
  const there = new Set(said.map(({ name }) => name))
  const lost = (text: string): Problem => ({ fault: 'notes lost', text })
  const missing = groups
    .filter(({ shownAt }) => shownAt !== null)
    .flatMap(({ id, notes: kept, escalated }) => [
      ...kept.map(({ n }) => `alert-note:${id}:${n}`),
      ...escalated.flatMap(({ step, channel }) => (channel ? [`alert-escalation:${id}:${step}`] : [])),
    ])
  for (const { id, notes: kept } of groups) {
    const all = notes.get(id) ?? new Map<number, AlertNote>()
    for (const note of kept) all.set(note.n, note)
    notes.set(id, all)
  }
  const taken = (id: string) =>
    [...(notes.get(id)?.values() ?? [])].filter(({ what }) => what === 'acknowledged').length
  const acknowledged = [...Map.groupBy(deeds.acknowledged, (id) => id)].filter(([id, each]) => taken(id) < each.length)
  const stored = new Map(silences.map((each) => [each.id, each]))
  return [
    ...missing.filter((name) => !there.has(name)).map(lost),
    ...acknowledged.map(([id, each]) =>
      lost(`${id}: ${each.length} acknowledgements were confirmed, ${taken(id)} are noted`),
    ),
    ...deeds.silenced
      .filter((id) => !stored.has(id))
      .map((id) => lost(`the silence ${id} was confirmed, and is not stored`)),
    ...[...notes].flatMap(([id, all]) => [...all.values()].flatMap((note) => notedWrongly(known, id, note))),
  ]
}
