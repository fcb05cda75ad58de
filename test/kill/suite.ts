import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../src/errors.ts'
import { appliesOf, channelOf, type Fault, faults, locksOf, type Problem, processesOf, unknownsIn } from './checks.ts'
import { describeKill, type Kill, killsOf, randomOf } from './choices.ts'
import { createLane, type Lane } from './people.ts'
import { startTown, type Town } from './town.ts'

export type KillSettings = {
  readonly seed: number
  readonly kills: number
  readonly perRound: number
  /** This round alone, to see again what it showed. */
  readonly round?: number | undefined
  readonly say: (line: string) => void
}

export type Totals = {
  readonly kills: number
  readonly unknown: number
  readonly executions: number
  readonly applies: number
  readonly faults: Readonly<Record<Fault, number>>
  readonly seed: number
}

/** How long messages may take to catch up once everything has ended. */
const CATCH_UP = 60_000

/** Kills and checks, round after round. Each round begins and ends with every environment down; the first that shows a fault is the last. */
export async function runKills(settings: KillSettings): Promise<Totals> {
  const { seed, kills: wanted } = settings
  const town = await startTown()
  const found: Problem[] = []
  let kills = 0
  let round = settings.round ?? 0
  try {
    for (; kills < wanted && found.length === 0; round++) {
      const count = Math.min(settings.perRound, wanted - kills)
      const done = await oneRound(town, { ...settings, round, count })
      kills += done.kills
      found.push(...done.problems)
      if (settings.round !== undefined) break
    }
    const executions = await town.store.list({ limit: 10_000 })
    const unknown = await Promise.all(
      town.places.map(async ({ channel }) => unknownsIn(await town.world.control.messages(channel))),
    )
    return {
      kills,
      unknown: unknown.reduce((sum, count) => sum + count, 0),
      executions: executions.length,
      applies: town.applies().length,
      faults: countsOf(found),
      seed,
    }
  } finally {
    await town.stop()
  }
}

/** The last lines of a run: the counts that must be 0, and how much was tried. */
export function summaryOf({ kills, unknown, executions, applies, faults: counts, seed }: Totals): string[] {
  const first = (['applied twice', 'lost', 'messages doubled', 'messages lost'] as const).map(
    (name) => `${name} ${counts[name]}`,
  )
  const rest = faults.slice(4).map((name) => `${name} ${counts[name]}`)
  return [
    `kills ${kills}, ${first.join(', ')}, unknown ${unknown}, seed ${seed}`,
    `executions ${executions}, applies ${applies}; ${rest.join(', ')}`,
  ]
}

export const isClean = ({ faults: counts }: Totals) => Object.values(counts).every((count) => count === 0)

function countsOf(found: readonly Problem[]): Record<Fault, number> {
  // What was wrong for a while was seen more than once.
  const texts = (name: Fault) => new Set(found.filter(({ fault }) => fault === name).map(({ text }) => text))
  const counts = faults.map((name) => [name, texts(name).size])
  return Object.fromEntries(counts) as Record<Fault, number>
}

type Round = KillSettings & { readonly round: number; readonly count: number }

async function oneRound(town: Town, round: Round): Promise<{ kills: number; problems: Problem[] }> {
  const before = new Set((await town.store.list({ limit: 10_000 })).map(({ id }) => id))
  const lanes = town.places.map((place, at) =>
    createLane(town, place, randomOf(round.seed * 31 + round.round * 101 + at)),
  )
  const state = { over: false }
  const living = lanes.map((lane) => lane.live(() => state.over))
  const { kills, problems } = await killAll(town, lanes, round)
  state.over = true
  const struck = Date.now()
  const ends = await Promise.all(living)
  for (const text of ends) if (text) problems.push({ fault: 'not taken down', text })
  problems.push(...(await settled(town, lanes, before)))
  round.say(`round ${round.round}: ${kills} kills, at rest after ${Math.round((Date.now() - struck) / 1000)} s more`)
  if (problems.length > 0) report(town, round, problems)
  return { kills, problems }
}

async function killAll(town: Town, lanes: readonly Lane[], { seed, round, count, say }: Round) {
  const problems: Problem[] = []
  let kills = 0
  for (const kill of killsOf(seed, round, count)) {
    const began = Date.now()
    const done = await strike(town, kill)
    kills += done.kills
    say(`round ${round}: ${describeKill(kill)}${done.how ? ` (${done.how})` : ''}, ${Date.now() - began} ms`)
    problems.push(...processesOf(town, false), ...(await locks(town, lanes)))
  }
  await town.whole()
  return { kills, problems }
}

async function strike(town: Town, kill: Kill): Promise<{ kills: number; how: string }> {
  return town.kill(kill).catch((error) => {
    throw new Error(`${describeKill(kill)}: ${messageOf(error)}`)
  })
}

async function locks(town: Town, lanes: readonly Lane[]): Promise<Problem[]> {
  const found = await Promise.all(lanes.map((lane) => locksOf(town, lane).catch(() => [])))
  return found.flat()
}

/** What is wrong once everything has had its time to catch up. */
async function settled(town: Town, lanes: readonly Lane[], before: ReadonlySet<string>): Promise<Problem[]> {
  const end = Date.now() + CATCH_UP
  for (;;) {
    const problems = await problemsNow(town, lanes, before)
    if (problems.length === 0 || Date.now() > end) return problems
    if (problems.some(({ fault }) => fault === 'applied twice')) return problems
    await sleep(1_000)
  }
}

async function problemsNow(town: Town, lanes: readonly Lane[], before: ReadonlySet<string>): Promise<Problem[]> {
  const executions = (await town.store.list({ limit: 10_000 })).filter(({ id }) => !before.has(id))
  const channels = await Promise.all(lanes.map((lane) => channelOf(town, lane, lane.mine(executions))))
  return [
    ...appliesOf(executions, town.applies()),
    ...channels.flat(),
    ...(await locks(town, lanes)),
    ...processesOf(town, true),
  ]
}

function report(town: Town, { seed, round, count, say }: Round, problems: readonly Problem[]): void {
  say(
    `Round ${round} of seed ${seed} is not clean; see it again with --seed ${seed} --round ${round} --kills ${count}:`,
  )
  for (const { fault, text } of problems) say(`  ${fault}: ${text}`)
  for (const kill of killsOf(seed, round, count)) say(`  killed: ${describeKill(kill)}`)
  for (const { name, tail } of town.logs()) say(`--- ${name}\n${tail}`)
}
