import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Kill } from '../choices.ts'
import type { Stage } from '../strike.ts'

/** For a point that may not come. */
const PATIENCE = 10_000

/**
 * A bot that passes the point stands still there, for longer than its lease, and then goes on with what it was about to do. Nothing is
 * killed. Says what became of it, where that is not what was meant.
 */
export async function stall(stage: Stage, { victim, when }: Kill, ms: number): Promise<string> {
  const { coming, seats, points, struck } = stage
  await coming.get(victim)
  if (!('point' in when)) return 'it has no point'
  const bots = seats.filter(({ role }) => role === victim)
  const fired = (pid: number) => join(points, `${pid}.fired`)
  const arm = (what: object) => {
    for (const { crew } of bots) {
      writeFileSync(join(points, 'draft'), JSON.stringify(what))
      renameSync(join(points, 'draft'), join(points, `${crew.pid}.armed`))
    }
  }
  arm({ point: when.point, nth: 1, stop: true })
  const end = Date.now() + PATIENCE
  while (!bots.some(({ crew }) => existsSync(fired(crew.pid))) && Date.now() < end) await sleep(20)
  arm({ point: '' })
  await sleep(60)
  const still = bots.filter(({ crew }) => existsSync(fired(crew.pid)))
  if (still.length === 0) return 'it did not come there'
  struck({
    victim: 'bot',
    at: `still at ${when.point}`,
    pid: still[0]?.crew.pid ?? null,
    how: `stood still for ${ms} ms`,
  })
  coming.set(
    victim,
    sleep(ms).then(() => {
      for (const { crew } of still) {
        rmSync(fired(crew.pid), { force: true })
        process.kill(crew.pid, 'SIGCONT')
      }
    }),
  )
  return ''
}
