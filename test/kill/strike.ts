import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../src/errors.ts'
import type { World } from '../e2e/world.ts'
import type { Kill, Step } from './choices.ts'
import { describeKill } from './choices.ts'
import type { createCrews, Member, Role } from './crews.ts'
import type { Fragile } from './parts.ts'
import { killGroup, processesIn } from './processes.ts'

/** Where a bot or a worker sits: who is killed there is followed by another one. */
export type Seat = { readonly role: Role; workDir: string; crew: Member; down: boolean }

export type Steps = ReturnType<typeof createSteps>

/** What happens in the town, for whoever waits for it. */
export function createSteps() {
  let waiting: { step: Step; resolve: () => void }[] = []
  return {
    say(step: Step): void {
      for (const each of waiting) if (each.step === step) each.resolve()
      waiting = waiting.filter((each) => each.step !== step)
    },
    async next(step: Step, within: number): Promise<boolean> {
      const heard = new Promise<void>((resolve) => waiting.push({ step, resolve }))
      const late = new AbortController()
      const patience = sleep(within, false, { signal: late.signal }).catch(() => false)
      const came = await Promise.race([heard.then(() => true), patience])
      late.abort()
      return came
    },
  }
}

export type Stage = {
  readonly world: Pick<World, 'dir'>
  readonly redis: Fragile
  readonly consul: Fragile
  readonly crews: ReturnType<typeof createCrews>
  readonly seats: Seat[]
  readonly points: string
  readonly heard: Steps
  readonly machines: { count: number }
  /** What was killed and comes back. */
  readonly coming: Map<Kill['victim'], Promise<void>>
  /** Hears of every kill that was made: where it struck, and the pid of a worker that died. */
  readonly struck: (hit: Hit) => void
}

/** `at`: the point that was passed, `start` while it came up, `time` for any other moment. */
export type Hit = {
  readonly victim: Kill['victim']
  readonly at: string
  readonly pid: number | null
  readonly how: string
}

/** For a step or a point that may not come. */
const PATIENCE = { step: 4_000, point: 10_000 }

/** Kills, and lets what was killed come back after a while. Says what became of it, where that is not what was meant. */
export async function strike(stage: Stage, kill: Kill): Promise<string> {
  const { victim, when } = kill
  await stage.coming.get(victim)
  if ('point' in when) return strikePoint(stage, kill, when)
  const came = await stage.heard.next(when.after, PATIENCE.step)
  await sleep(when.delay)
  const how = came ? '' : `"${when.after}" did not come`
  if (victim === 'terraform') return (await strikeTerraform(stage, kill)) ? how : 'there was none'
  if (victim === 'redis' || victim === 'consul') {
    await stage[victim].kill9()
    hit(stage, kill, { at: 'time' })
    comesBack(stage, kill, () => restart(stage, kill, stage[victim]))
    return how
  }
  const found = stage.seats.filter(({ role }) => role === victim)
  const chosen = found[kill.which % found.length]
  await replace(stage, kill, chosen ? [chosen] : [], 'time')
  return how
}

/** Arms all of its kind; whoever passes the point first dies there. Where nobody passes it in time, one dies all the same. */
async function strikePoint(stage: Stage, kill: Kill, { point, nth }: { point: string; nth: number }): Promise<string> {
  const { seats, points } = stage
  const kind = seats.filter(({ role }) => role === kill.victim)
  const arm = (what: object) => {
    for (const { crew } of kind) {
      writeFileSync(join(points, 'draft'), JSON.stringify(what))
      renameSync(join(points, 'draft'), join(points, `${crew.pid}.armed`))
    }
  }
  const dead = () => kind.filter(({ crew }) => existsSync(join(points, `${crew.pid}.fired`)))
  arm({ point, nth })
  const end = Date.now() + PATIENCE.point
  while (dead().length === 0 && Date.now() < end) await sleep(20)
  arm({ point: '' })
  await sleep(60)
  const fired = dead()
  const chosen = kind[kill.which % kind.length]
  const struck = fired.length > 0 ? fired : chosen ? [chosen] : []
  await replace(stage, kill, struck, fired.length > 0 ? point : 'time')
  return fired.length > 0 ? '' : 'it did not come there'
}

async function replace(stage: Stage, kill: Kill, seats: readonly Seat[], at: string): Promise<void> {
  const { crews, machines } = stage
  for (const each of seats) {
    each.down = true
    await each.crew.kill9()
    hit(stage, kill, { at, pid: each.crew.pid })
  }
  comesBack(stage, kill, async () => {
    for (const each of seats) {
      if (each.role === 'worker' && kill.elsewhere) each.workDir = `work-${++machines.count}`
      if (kill.boot) await strikeStart(stage, kill, each)
      each.crew = crews.launch(each.role, each.workDir)
      await each.crew.ready
      each.down = false
    }
  })
}

/** Starts one and kills it before it is ready, as far as that can be hit; one that does not come to its step dies a little later. */
async function strikeStart(stage: Stage, kill: Kill, seat: Seat): Promise<void> {
  const { boot } = kill
  const wish = join(stage.points, `${seat.role}.start`)
  if (boot && 'nth' in boot) writeFileSync(wish, JSON.stringify(boot))
  seat.crew = stage.crews.launch(seat.role, seat.workDir)
  if (boot && 'after' in boot) await sleep(boot.after)
  else await Promise.race([seat.crew.ready.catch(() => {}), sleep(PATIENCE.point)])
  const early = !seat.crew.isReady()
  await seat.crew.kill9()
  rmSync(wish, { force: true })
  hit(stage, kill, { at: early ? 'start' : 'time', pid: seat.crew.pid })
}

async function restart(stage: Stage, kill: Kill, part: Fragile): Promise<void> {
  if (!kill.boot || !('after' in kill.boot)) return part.restart()
  hit(stage, kill, { at: (await part.restartTwice(kill.boot.after)) ? 'start' : 'time' })
}

function comesBack({ coming }: Stage, kill: Kill, restart: () => Promise<void>): void {
  const back = sleep(kill.away)
    .then(restart)
    .catch((cause: unknown) => {
      throw new Error(`It did not come back after ${describeKill(kill)}: ${messageOf(cause)}`, { cause })
    })
  // Whoever waits for it hears of a failure; nobody may wait yet.
  back.catch(() => {})
  coming.set(kill.victim, back)
}

/** The process group of one Terraform that runs, wrapper and all. */
async function strikeTerraform(stage: Stage, kill: Kill): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    const running = processesIn(stage.world.dir)
    const pid = running[kill.which % (running.length || 1)]
    if (pid && killGroup(pid)) {
      hit(stage, kill, { at: 'time' })
      return true
    }
    await sleep(50)
  }
  return false
}

function hit({ struck }: Stage, kill: Kill, { at, pid = null }: { at: string; pid?: number | null }): void {
  struck({ victim: kill.victim, at, pid, how: describeKill(kill) })
}
