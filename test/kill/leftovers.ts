import { setTimeout as sleep } from 'node:timers/promises'
import { type Execution, isOver } from '../../src/core/execution.ts'
import type { Problem } from './checks.ts'
import { isAlive, type Program, programsIn } from './processes.ts'
import type { Place, Town } from './town.ts'

/**
 * Consul frees the lock of a Terraform that was killed when its session lapses: after 15 s by Terraform's setting, twice that at most by
 * Consul's own word, counted anew when Consul was restarted. Ours is a little more.
 */
const LOCK_LAPSES = 45_000

/** A wrapper outlives the exit that it wrote by a moment. */
const LEAVES_WITHIN = 2_500

/** A plan changes nothing: one of a dead worker may still run, while another worker made it anew. */
const PLAN_LEAVES_WITHIN = 15_000
const LOOK_EVERY = 500

/** Nobody can reach what runs on a machine that is gone; at rest that has ended, too. What was left as it is may go on as well. */
function withinOf(town: Town, { stage, machine }: Program): number {
  if (stage === 'terraform.apply') return LEAVES_WITHIN
  return town.machines().includes(machine) ? PLAN_LEAVES_WITHIN : Number.POSITIVE_INFINITY
}

/** Looks all the while at what runs, and at who holds Terraform's lock in Consul. What is wrong for a moment is no fault. */
export function createLeftovers(town: Town) {
  const since = new Map<string, number>()

  /** Since when something has been so at every look; 0 where it is not so. */
  function lasting(what: string, isSo: boolean): number {
    if (!isSo) since.delete(what)
    if (!isSo) return 0
    if (!since.has(what)) since.set(what, Date.now())
    return Date.now() - (since.get(what) ?? 0)
  }

  async function programs(atRest: boolean, running: readonly Program[]): Promise<Problem[]> {
    const found = await Promise.all(
      running.map(async (program) => {
        const execution = await town.store.execution(program.execution)
        const over = !execution || isOver(execution)
        const allowed = execution?.ending === 'left' ? Number.POSITIVE_INFINITY : withinOf(town, program)
        const long = lasting(`program ${program.pid}`, over) > allowed
        return (over && long) || (atRest && isAlive(program.pid)) ? [describe(program, execution)] : []
      }),
    )
    return found.flat().map((text) => ({ fault: 'processes left', text }))
  }

  /** An apply that runs is of the execution that holds the environment; a lock without any Terraform lapses in time. */
  async function lockOf(place: Place, running: readonly Program[], atRest: boolean): Promise<Problem[]> {
    const { environment } = place
    const url = `${town.consul.url}/v1/kv/kill/${environment}/.lock?stale`
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) })
    if (!answer.ok && answer.status !== 404) return []
    const [entry] = answer.ok ? ((await answer.json()) as { Session?: string }[]) : []
    const session = entry?.Session
    const { lock } = await town.store.environment(environment)
    const mine: [Program, Execution][] = []
    for (const program of running) {
      const execution = await town.store.execution(program.execution)
      if (execution?.environment === environment) mine.push([program, execution])
    }
    const orphan = lasting(
      `lock ${environment} ${session} ${town.consul.pid}`,
      session !== undefined && mine.length === 0,
    )
    const stray = mine.filter(
      ([{ pid, stage }, { id, ending }]) =>
        lasting(`stray ${pid}`, stage === 'terraform.apply' && ending !== 'left' && id !== lock?.execution) >
        LEAVES_WITHIN,
    )
    const texts = [
      ...(orphan > LOCK_LAPSES || (atRest && session) ? [`held by session ${session}, and no Terraform runs`] : []),
      ...stray.map(
        ([{ execution }]) => `${execution} applies, and ${lock?.execution ?? 'nobody'} holds the environment`,
      ),
    ]
    return texts.map((text) => ({ fault: 'state locks wrong', text: `${environment}: ${text}` }))
  }

  /** Redis or Consul may be away just now: then the next look sees it. `atRest`: nothing may be left at all. */
  async function look(atRest: boolean): Promise<Problem[]> {
    const running = programsIn(town.world.dir)
    const locks = town.places.map((place) => lockOf(place, running, atRest).catch(() => []))
    const found = await Promise.all([programs(atRest, running).catch(() => []), ...locks])
    return found.flat()
  }

  return {
    look,
    /** Looks on until it is told to stop, and gives what was wrong meanwhile. */
    watch(): { stop(): Promise<Problem[]> } {
      const found = new Map<string, Problem>()
      const over = new AbortController()
      const looking = (async () => {
        while (!over.signal.aborted) {
          for (const problem of await look(false)) found.set(problem.text, problem)
          await sleep(LOOK_EVERY)
        }
      })()
      return {
        async stop() {
          over.abort()
          await looking
          return [...found.values()]
        },
      }
    },
  }
}

function describe({ pid, execution, stage, what }: Program, stored: Execution | null): string {
  const how = stored ? (isOver(stored) ? `over (${stored.ending ?? stored.status})` : stored.status) : 'not stored'
  return `${pid} (${what}) of ${execution}, ${stage}, which is ${how}`
}
