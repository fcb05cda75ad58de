import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../../src/errors.ts'
import { describeKill, randomOf } from '../choices.ts'
import { coverageOf } from '../coverage.ts'
import type { Hit } from '../strike.ts'
import { type Notes, problemsAt, type Rest } from './checks.ts'
import { type Strike, strikesOf } from './choices.ts'
import { createDriver, type Driver } from './driver.ts'
import { countsOf, LASTING, type Problem } from './faults.ts'
import { createPeople, type People } from './people.ts'
import { clock, createRecord, type Truth } from './record.ts'
import { checks } from './settings.ts'
import type { Totals } from './totals.ts'
import { startTown, type Town } from './town.ts'
import { standingIn, type Watch, watchSlack } from './watch.ts'

export type KillSettings = {
  readonly seed: number
  readonly kills: number
  readonly perRound: number
  /** Shorter times away, and no pause between two kills. */
  readonly hurry?: boolean
  readonly say: (line: string) => void
}

/** The promise: this long after everything is up again, Slack shows what is. */
const WITHIN = 60_000
const LOOK_EVERY = 500

type Stand = {
  readonly town: Town
  readonly truth: Truth
  readonly driver: Driver
  readonly people: People
  readonly watch: Watch
  readonly notes: Notes
}

/** Kills and compares, round after round. The first round that shows a fault is the last. */
export async function runKills(settings: KillSettings): Promise<Totals> {
  const { seed, kills, perRound, say } = settings
  const hits: Hit[] = []
  const killed = () => hits.filter(({ at }) => !at.startsWith('still')).length
  const town = await startTown((hit) => hits.push(hit))
  const watch = await watchSlack(town)
  try {
    const truth = createRecord(checks, Date.now())
    const driver = createDriver(town, truth, randomOf(seed * 7 + 1))
    const people = createPeople(town, watch, randomOf(seed * 7 + 2))
    const stand: Stand = { town, truth, driver, people, watch, notes: new Map() }
    await Promise.all(checks.map((check) => driver.change(check, 'passing')))
    const found: Problem[] = []
    let [position, rest] = [0, 0]
    while (killed() < kills && found.length === 0) {
      const strikes = strikesOf(seed, position, Math.min(perRound, kills - killed()), settings.hurry ?? false)
      position += strikes.length
      const ended = await oneRound(stand, strikes, settings)
      found.push(...ended.problems)
      rest = Math.max(rest, ended.rest)
      const last = ended.last ? `; last was ${ended.last}` : ''
      say(`${killed()} kills, true ${(ended.rest / 1000).toFixed(1)} s after all was up${last}`)
    }
    if (found.length > 0) report(stand, found, settings)
    const { acknowledged, silenced, unsilenced } = people.confirmed()
    return {
      kills: killed(),
      stills: hits.length - killed(),
      faults: countsOf(found),
      seed,
      messages: watch.shown().length,
      edits: watch.edits.length,
      notes: [...stand.notes.values()].reduce((sum, all) => sum + all.size, 0),
      changes: truth.count(),
      confirmed: acknowledged.length + silenced.length + unsilenced.length,
      rest,
      struck: coverageOf(hits),
    }
  } finally {
    watch.stop()
    await town.stop()
  }
}

async function oneRound(stand: Stand, strikes: readonly Strike[], { hurry, say }: KillSettings) {
  const { town, driver, people } = stand
  const state = { over: false }
  const living = [driver.live(() => state.over, hurry ? 1_200 : 2_500), people.live(() => state.over)]
  const problems: Problem[] = []
  try {
    for (const { kill, still, pause } of strikes) {
      const [began, time] = [Date.now(), new Date().toISOString()]
      const how = await town.strike(kill, still)
      const what = still === null ? describeKill(kill) : `bot stands still for ${still} ms ${describeKill(kill)}`
      say(`${time} ${what}${how ? ` (${how})` : ''}, ${Date.now() - began} ms`)
      await sleep(pause)
    }
    await town.whole()
  } catch (error) {
    problems.push({ fault: 'fell by themselves', text: messageOf(error) })
  }
  state.over = true
  await Promise.all(living)
  const up = Date.now()
  const { left, last } = await settled(stand, up)
  return { problems: [...problems, ...left], rest: Date.now() - up, last }
}

/** What is left wrong once everything has had its time to catch up, and what was the last to become right. */
async function settled(stand: Stand, up: number): Promise<{ left: Problem[]; last: string }> {
  let [clean, last] = [0, '']
  for (;;) {
    const problems = await problemsNow(stand).catch((error: unknown): Problem[] => [
      { fault: 'late', text: `it could not be seen: ${messageOf(error)}` },
    ])
    clean = problems.length === 0 ? clean + 1 : 0
    last = problems.at(-1)?.text ?? last
    // Twice in a row: what is on its way could undo it.
    if (clean === 2 || Date.now() - up > WITHIN) return { left: problems, last }
    const lasting = problems.filter(({ fault }) => LASTING.includes(fault))
    // The others may only be on their way.
    if (lasting.length > 0) return { left: lasting, last }
    await sleep(LOOK_EVERY)
  }
}

async function problemsNow({ town, truth, driver, people, watch, notes }: Stand): Promise<Problem[]> {
  const { store, downs } = town
  const ids = await store.alerts.ids(10_000)
  const groups = (await Promise.all(ids.map((id) => store.alerts.group(id)))).filter((group) => group !== null)
  const deeds = people.confirmed()
  const open = await store.alerts.silences()
  const over = await Promise.all(deeds.silenced.map((id) => store.alerts.silence(id)))
  const silences = [...new Map([...open, ...over].flatMap((each) => (each ? [[each.id, each]] : []))).values()]
  const rest: Rest = { ...(await standingIn(town)), edits: watch.edits, groups, silences, deeds, now: Date.now() }
  const fallen = town.fallen().map(
    ({ role, crew }): Problem => ({
      fault: 'fell by themselves',
      text: `${role} ${crew.pid}: ${crew.log().slice(-1_500)}`,
    }),
  )
  return [...problemsAt({ truth, denied: driver.denied, downs }, rest, notes), ...fallen]
}

function report(
  { town, truth, watch, driver }: Stand,
  problems: readonly Problem[],
  { seed, kills, perRound, say }: KillSettings,
): void {
  say(`Not clean; see it again with --seed ${seed} --kills ${kills} --per-round ${perRound}:`)
  for (const { fault, text } of problems) say(`  ${fault}: ${text}`)
  for (const line of truth.lines()) say(`  ${line}`)
  say(`  denied lines at ${driver.denied.slice(-30).map(clock).join(', ')}`)
  const about = new Set(problems.flatMap(({ text }) => text.match(/\b[2-9b-df-hj-np-tv-xz]{8}\b/g) ?? []))
  for (const { at, shown } of watch.edits.filter(({ shown }) => about.has(shown.id)).slice(-20)) {
    say(`  ${clock(at)} ${shown.id} ${shown.state}: ${shown.lines.join(' | ')}`)
  }
  for (const { name, text } of town.logs()) say(`--- ${name}\n${text.slice(-2_500)}`)
}
