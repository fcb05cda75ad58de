import { idOf, nameOf } from '../actor.ts'
import type { StageRun } from '../execution.ts'
import type { Judgment } from '../judgment.ts'
import type { Group, Requirement } from './settings.ts'
import { requirementOf } from './settings.ts'

/** An approval as far as counting goes: who, and the approving roles that he has. */
export type Approval = { readonly by: string; readonly roles: readonly string[] }

/** What is there of what is needed. `groups` are the ones that still miss somebody. */
export type Standing = {
  readonly given: number
  readonly needed: number
  readonly groups: readonly Group[]
  readonly done: boolean
}

/** The approvals of a judgment that count now: each person's latest, for the same digest. */
export function approvalsOf(judgments: readonly Judgment[], stage: string, digest: string): Judgment[] {
  const counting = judgments.filter(
    (each) => each.stage === stage && each.decision === 'approved' && !each.fell && each.digest === digest,
  )
  return [...new Map(counting.map((each) => [idOf(each.by), each])).values()]
}

/** How far approvals go. Who has several roles counts for one of them, for whichever helps most. */
export function standingOf({ count, groups }: Requirement, approvals: readonly Approval[]): Standing {
  const people = [...new Map(approvals.map((each) => [each.by, each])).values()]
  const seats = groups.flatMap(({ role, count }) => Array.from({ length: count }, () => role))
  const taken = seated(seats, people)
  const missing = groups.flatMap(({ role, count }): Group[] => {
    const sitting = seats.filter((seat, at) => seat === role && taken[at] !== undefined).length
    return sitting < count ? [{ role, count: count - sitting }] : []
  })
  const done = people.length >= count && missing.length === 0
  return { given: people.length, needed: Math.max(count, seats.length), groups: missing, done }
}

/** Gives as many seats as can be given to somebody who has their role (augmenting paths): the first seat that is free, in order. */
function seated(seats: readonly string[], people: readonly Approval[]): (number | undefined)[] {
  const taken: (number | undefined)[] = seats.map(() => undefined)
  const sit = (person: number, tried: Set<number>): boolean =>
    seats.some((role, seat) => {
      if (tried.has(seat) || !people[person]?.roles.includes(role)) return false
      tried.add(seat)
      const before = taken[seat]
      if (before !== undefined && !sit(before, tried)) return false
      taken[seat] = person
      return true
    })
  for (const person of people.keys()) sit(person, new Set())
  return taken
}

/** `1 of 2 approvals, by @U02BOB; missing: one of `data``, for messages; empty where one person is all it takes. */
export function standingText({ given, needed, groups, done }: Standing, by = ''): string {
  if (needed <= 1 || done) return ''
  const missing = groups.map(({ role, count }) => `${count === 1 ? 'one' : count} of \`${role}\``).join(' and ')
  const count = given < needed ? `${given} of ${needed}` : String(given)
  return `${count} approvals${by && `, by ${by}`}${missing ? `; missing: ${missing}` : ''}`
}

/** What is there of what a waiting judgment needs, a line for each choice that somebody made; nothing where one person is all it takes. */
export function openText(stage: StageRun, judgments: readonly Judgment[], digest: string): string[] {
  const requirement = requirementOf(stage.input)
  const given = approvalsOf(judgments, stage.id, digest)
  const none = standingText(standingOf(requirement, []))
  if (!none) return []
  if (given.length === 0) return [none]
  const byChoice = Map.groupBy(given, ({ choice }) => choice)
  const lines = [...byChoice].map(([choice, all]) => {
    const standing = standingOf(requirement, all.map(asApproval))
    return `${choice === undefined ? '' : `\`${choice}\`: `}${standingText(standing, all.map(({ by }) => nameOf(by)).join(', '))}`
  })
  return byChoice.size > 1 ? [...lines, DIFFERENT] : lines
}

/** So that nobody waits for an end that does not come by itself. */
const DIFFERENT =
  'They chose differently: enough of them have to choose the same. Whoever chooses again takes back his choice.'

/** A judgment as far as counting goes. */
export function asApproval({ by, roles = [] }: Judgment): Approval {
  return { by: idOf(by), roles }
}
