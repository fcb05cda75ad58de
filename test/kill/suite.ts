import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../src/errors.ts'
import { appliesOf, channelOf, fallenIn, locksOf, type Problem, unknownsIn } from './checks.ts'
import { describeKill, killsOf, randomOf } from './choices.ts'
import { coverageOf } from './coverage.ts'
import { createLeftovers } from './leftovers.ts'
import { createLane, type Lane } from './people.ts'
import type { Hit } from './strike.ts'
import { answersOf, countsOf, type Totals } from './totals.ts'
import { type PaceName, startTown, type Town } from './town.ts'
import { createTruth } from './truth.ts'

export type KillSettings = {
  readonly seed: number
  readonly kills: number
  readonly perRound: number
  readonly pace: PaceName
  /** The first round, by default 0. */
  readonly from?: number | undefined
  /** That round alone, to see again what it showed. */
  readonly alone?: boolean | undefined
  /** Seconds that applies take, by default those of the town. */
  readonly holds?: readonly number[] | undefined
  readonly say: (line: string) => void
}

/** How long messages, locks and processes may take to catch up once everything has ended. */
const CATCH_UP = 60_000

/** A town with those who watch it through all of its rounds. */
type Watched = {
  readonly town: Town
  readonly truth: ReturnType<typeof createTruth>
  readonly leftovers: ReturnType<typeof createLeftovers>
  readonly lanes: Lane[]
}

/** Kills and checks, round after round. Each round begins and ends with every environment down; the first that shows a fault is the last. */
export async function runKills(settings: KillSettings): Promise<Totals> {
  const { seed, kills: wanted, pace, from = 0 } = settings
  const hits: Hit[] = []
  const onHit = { truth: (_: Hit) => {} }
  const struck = (hit: Hit) => {
    hits.push(hit)
    onHit.truth(hit)
  }
  const town = await startTown(pace, struck, settings.holds)
  const truth = createTruth(town)
  onHit.truth = truth.died
  const watched: Watched = { town, truth, leftovers: createLeftovers(town), lanes: [] }
  const found: Problem[] = []
  let round = from
  try {
    for (; hits.length < wanted && found.length === 0; round++) {
      const count = Math.min(settings.perRound, wanted - hits.length)
      found.push(...(await oneRound(watched, { ...settings, round, count }, () => hits.length)))
      if (settings.alone) break
    }
    const unknown = await Promise.all(
      town.places.map(async ({ channel }) => unknownsIn(await town.world.control.messages(channel))),
    )
    return {
      kills: hits.length,
      unknown: unknown.reduce((sum, count) => sum + count, 0),
      executions: (await town.store.list({ limit: 10_000 })).length,
      applies: town.applies().length,
      faults: countsOf(found),
      seed,
      rounds: round - from + (settings.alone ? 1 : 0),
      struck: coverageOf(hits),
      told: { [pace]: truth.told() },
      answers: answersOf(watched.lanes),
    }
  } finally {
    await town.stop()
  }
}

type Round = KillSettings & { readonly round: number; readonly count: number }

async function oneRound(watched: Watched, round: Round, kills: () => number): Promise<Problem[]> {
  const { town, truth } = watched
  const before = new Set((await town.store.list({ limit: 10_000 })).map(({ id }) => id))
  const [earlier, struckBefore] = [watched.lanes.length, kills()]
  const lanes = town.places.map((place, at) =>
    createLane(town, place, randomOf(round.seed * 31 + round.round * 101 + at)),
  )
  watched.lanes.splice(earlier, 0, ...lanes)
  const state = { over: false }
  const living = lanes.map((lane) => lane.live(() => state.over))
  const watch = watched.leftovers.watch()
  const problems = await killAll(town, lanes, round)
  state.over = true
  const struck = Date.now()
  const ends = await Promise.all(living)
  problems.push(...(await watch.stop()))
  for (const text of ends) if (text) problems.push({ fault: 'not taken down', text })
  problems.push(...(await truth.settled()), ...(await settled(watched, lanes, before)))
  const rest = Math.round((Date.now() - struck) / 1000)
  round.say(`round ${round.round}: ${kills() - struckBefore} kills, at rest after ${rest} s more`)
  if (problems.length > 0) report(town, round, problems)
  return problems
}

/** Where something does not come back, nothing more is killed: the round is not clean. */
async function killAll(town: Town, lanes: readonly Lane[], { seed, round, count, say }: Round): Promise<Problem[]> {
  const problems: Problem[] = []
  try {
    for (const kill of killsOf(seed, round, count)) {
      const began = Date.now()
      const how = await town.kill(kill)
      say(`round ${round}: ${describeKill(kill)}${how ? ` (${how})` : ''}, ${Date.now() - began} ms`)
      problems.push(...fallenIn(town), ...(await locks(town, lanes)))
    }
    await town.whole()
  } catch (error) {
    problems.push({ fault: 'fell by themselves', text: messageOf(error) })
  }
  return problems
}

async function locks(town: Town, lanes: readonly Lane[]): Promise<Problem[]> {
  const found = await Promise.all(lanes.map((lane) => locksOf(town, lane).catch(() => [])))
  return found.flat()
}

/** What is wrong once everything has had its time to catch up. */
async function settled(watched: Watched, lanes: readonly Lane[], before: ReadonlySet<string>): Promise<Problem[]> {
  const end = Date.now() + CATCH_UP
  for (;;) {
    const problems = await problemsNow(watched, lanes, before)
    if (problems.length === 0 || Date.now() > end) return problems
    if (problems.some(({ fault }) => LASTING.includes(fault))) return problems
    await sleep(1_000)
  }
}

/** What no time mends. */
const LASTING: readonly Problem['fault'][] = ['applied twice', 'wrong person', 'answered twice']

async function problemsNow({ town, leftovers }: Watched, lanes: readonly Lane[], before: ReadonlySet<string>) {
  const executions = (await town.store.list({ limit: 10_000 })).filter(({ id }) => !before.has(id))
  const channels = await Promise.all(lanes.map((lane) => channelOf(town, lane, lane.mine(executions))))
  return [
    ...appliesOf(executions, town.applies()),
    ...lanes.flatMap((lane) => lane.answers.check(lane.mine(executions))),
    ...channels.flat(),
    ...(await locks(town, lanes)),
    ...(await leftovers.look(true)),
    ...fallenIn(town),
  ]
}

function report(town: Town, { seed, round, count, pace, say }: Round, problems: readonly Problem[]): void {
  const again = `--seed ${seed} --round ${round} --kills ${count} --pace ${pace}`
  say(`Round ${round} of seed ${seed} is not clean; see it again with ${again}:`)
  for (const { fault, text } of problems) say(`  ${fault}: ${text} (seed ${seed}, round ${round})`)
  for (const kill of killsOf(seed, round, count)) say(`  killed: ${describeKill(kill)}`)
  for (const { name, tail } of town.logs()) say(`--- ${name}\n${tail}`)
}
