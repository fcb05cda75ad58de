import type { Actor } from '../../core/actor.ts'
import { idOf } from '../../core/actor.ts'
import { deedsOf, executionsOf } from '../../core/break-glass/deeds.ts'
import { ended, isChanging, lookLine, standingOf, summarized, targetsOf } from '../../core/break-glass/end.ts'
import type { Glass, Look } from '../../core/break-glass/glass.ts'
import { parseCommand } from '../../core/command.ts'
import type { Effect } from '../../core/event.ts'
import type { Execution } from '../../core/execution.ts'
import { isOver } from '../../core/execution.ts'
import { messageOf, UserError } from '../../errors.ts'
import type { Done, Perform } from '../effects.ts'
import type { CrewParts } from '../parts.ts'
import { planRequest } from '../request.ts'

/** How often it is looked whether what a summary tells of has gone on. */
const LOOK_AGAIN_MS = 1_000
const LATER_MS = 10_000
const OFTEN_FOR_MS = 120_000

/** A look that has found nothing after so long (a lock that nobody gives back) is told as it stands, and the summary is complete. */
const SUMMED_WITHIN_MS = 3_600_000

/** The newest so many are kept. */
const MOST_KEPT = 500

/** More lines than anybody reads. */
export const MOST_LINES = 5_000

/**
 * Ends what is over, looks for the drift that it left behind, and keeps its summary true until nothing of that moves any more. Each step is
 * stored before the next, and what it starts has a key that follows from the break glass: whoever dies meanwhile leaves the rest to the next
 * bot, and nothing is done twice.
 */
export function createGlassClock(parts: CrewParts): Perform {
  return async (effect: Effect): Promise<Done> => {
    if (effect.do !== 'glass') throw new Error(`${effect.do} is no break glass.`)
    const glass = await parts.store.glasses.find(effect.glass)
    if (!glass || glass.summedAt !== null) return 'done'
    if (glass.ended === null) return endInTime(parts, glass)
    const looks = glass.looks ?? (await look(parts, glass))
    return sum(parts, { ...glass, looks })
  }
}

/** By the clock of Redis: ours may be ahead or behind. */
async function endInTime(parts: CrewParts, { id, until }: Glass): Promise<Done> {
  const { store, now } = parts
  const early = until - (await store.glasses.look()).now
  if (early > 0) return { againIn: early }
  await store.glasses.alter(id, (glass, clock) => ended(glass, null, clock, now()))
  parts.kick()
  return 'done'
}

/** All that was done under it, and the executions that it was about. */
async function doneUnder({ store, audit }: CrewParts, { id, by, from }: Glass): Promise<Execution[]> {
  await audit.flush()
  const { lines } = await audit.about({ execution: `glass-${id}`, since: from, limit: MOST_LINES })
  const ids = executionsOf(deedsOf(lines, idOf(by)))
  const found = await Promise.all(ids.map((execution) => store.execution(execution)))
  return found.filter((each) => each !== null)
}

/** Starts a look for drift of everything that was changed under it. */
async function look(parts: CrewParts, glass: Glass): Promise<readonly Look[]> {
  const targets = targetsOf(await doneUnder(parts, glass), parts.kinds)
  const looks: Look[] = []
  for (const target of targets) looks.push(await lookAt(parts, glass, target))
  const stored = await parts.store.glasses.alter(glass.id, (current) =>
    current.looks ? null : change({ ...current, looks }, parts.now()),
  )
  parts.kick()
  return stored?.looks ?? (await parts.store.glasses.find(glass.id))?.looks ?? looks
}

async function lookAt(parts: CrewParts, { id, channel }: Glass, target: string): Promise<Look> {
  const actor: Actor = { kind: 'breakglass', glass: id }
  const request = `glass:${id}:look:${target}`
  try {
    const parsed = parseCommand(parts.catalog, lookLine(target))
    const wanted = planRequest(parts, parsed, { actor, origin: { channel, via: 'breakglass' }, request })
    if (wanted.stages.some(({ kind }) => isChanging(parts.kinds, kind)))
      throw new UserError(`\`${parsed.line}\` does more than look`)
    const stored = await parts.store.request({ ...wanted, allow: [] }, request)
    return { target, execution: stored?.execution.id ?? wanted.id, why: null }
  } catch (error) {
    // Whatever the command files of the site are: the summary says that nobody looked.
    if (!(error instanceof UserError)) throw error
    return { target, execution: null, why: messageOf(error) }
  }
}

/** Draws the summary anew where something moved since; it is complete when every look is over. */
async function sum(parts: CrewParts, glass: Glass): Promise<Done> {
  const { store, now } = parts
  const clock = (await store.glasses.look()).now
  const since = clock - (glass.ended?.at ?? clock)
  const looking = await Promise.all((glass.looks ?? []).map(({ execution }) => execution && store.execution(execution)))
  const looks = looking.filter((each) => typeof each === 'object' && each !== null) as Execution[]
  const complete = looks.every(isOver) || since >= SUMMED_WITHIN_MS
  const seen = `${standingOf(looks)}; ${standingOf(await doneUnder(parts, glass))}`
  if (complete || seen !== glass.seen) {
    await store.glasses.alter(glass.id, (current) =>
      current.summedAt === null ? change({ ...current, seen, summedAt: complete ? clock : null }, now()) : null,
    )
    parts.kick()
  }
  if (!complete) return { againIn: since < OFTEN_FOR_MS ? LOOK_AGAIN_MS : LATER_MS }
  await store.glasses.forget(MOST_KEPT)
  return 'done'
}

function change(glass: Glass, now: number) {
  return { glass, effects: summarized(glass, now), audit: [] }
}
