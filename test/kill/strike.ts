import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Part } from '../../examples/demo/parts.ts'
import type { Crew, World } from '../e2e/world.ts'
import type { Kill, Step } from './choices.ts'
import { killGroup, processesIn } from './processes.ts'

/** Where a bot or a worker sits: who is killed there is followed by another one. */
export type Seat = { readonly role: 'bot' | 'worker'; workDir: string; crew: Crew; down: boolean }

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
  readonly world: World
  readonly consul: Part
  readonly seats: Seat[]
  readonly points: string
  readonly heard: Steps
  readonly machines: { count: number }
  /** What was killed and comes back. */
  readonly coming: Map<Kill['victim'], Promise<void>>
}

/** For a step or a point that may not come. */
const PATIENCE = 4_000

/** Kills, and lets what was killed come back after a while. Says what really happened. */
export async function strike(stage: Stage, kill: Kill): Promise<{ kills: number; how: string }> {
  const { victim, when } = kill
  await stage.coming.get(victim)
  if ('point' in when) return strikePoint(stage, kill, when)
  const came = await stage.heard.next(when.after, PATIENCE)
  await sleep(when.delay)
  const how = came ? '' : `"${when.after}" did not come`
  if (victim === 'terraform') return { kills: await strikeTerraform(stage, kill), how }
  if (victim === 'redis' || victim === 'consul') {
    const part = victim === 'redis' ? stage.world.redis : stage.consul
    await part.kill9()
    comesBack(stage, kill, () => part.restart())
    return { kills: 1, how }
  }
  const found = stage.seats.filter(({ role }) => role === victim)
  const chosen = found[kill.which % found.length]
  await replace(stage, kill, chosen ? [chosen] : [])
  return { kills: 1, how }
}

/** Arms all of its kind; whoever passes the point first dies there. Where nobody passes it in time, one dies all the same. */
async function strikePoint(stage: Stage, kill: Kill, { point, nth }: { point: string; nth: number }) {
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
  const end = Date.now() + PATIENCE
  while (dead().length === 0 && Date.now() < end) await sleep(20)
  arm({ point: '' })
  await sleep(60)
  const fired = dead()
  const chosen = kind[kill.which % kind.length]
  const struck = fired.length > 0 ? fired : chosen ? [chosen] : []
  await replace(stage, kill, struck)
  return { kills: struck.length, how: fired.length > 0 ? '' : 'it did not come there' }
}

async function replace(stage: Stage, kill: Kill, seats: readonly Seat[]): Promise<void> {
  const { world, machines } = stage
  for (const each of seats) {
    each.down = true
    await each.crew.kill9()
  }
  comesBack(stage, kill, async () => {
    for (const each of seats) {
      if (each.role === 'worker' && kill.elsewhere) each.workDir = `work-${++machines.count}`
      each.crew = each.role === 'bot' ? await world.startBot() : await world.startWorker(each.workDir)
      each.down = false
    }
  })
}

function comesBack({ coming }: Stage, { victim, away }: Kill, restart: () => Promise<void>): void {
  const back = sleep(away).then(restart)
  // Whoever waits for it hears of a failure; nobody may wait yet.
  back.catch(() => {})
  coming.set(victim, back)
}

/** The process group of one Terraform that runs, wrapper and all. */
async function strikeTerraform({ world }: Stage, { which }: Kill): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const running = processesIn(world.dir)
    const pid = running[which % (running.length || 1)]
    if (pid && killGroup(pid)) return 1
    await sleep(50)
  }
  return 0
}
