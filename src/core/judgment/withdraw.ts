import type { Actor } from '../actor.ts'
import { idOf, nameOf } from '../actor.ts'
import type { Next, World } from '../event.ts'
import type { Execution } from '../execution.ts'
import { finish, refuse } from '../finish.ts'
import { touched } from '../touched.ts'

/** Whether who asked may take it back: it waits for a judgment, nothing runs, and nothing was changed yet. */
export function mayWithdraw(execution: Execution): boolean {
  const { stages, cancel, endedAt } = execution
  if (endedAt !== null || cancel || touched(execution)) return false
  if (stages.some(({ state }) => state === 'running' || state === 'ready' || state === 'unknown')) return false
  return stages.some(({ kind, state, held }) => kind === 'judgment' && state === 'waiting' && !held)
}

/** Who asked takes it back before it was judged: nobody rejected it, and nobody canceled work. */
export function withdrawn(world: World, { by }: { readonly by: Actor }, now: number): Next {
  const { execution } = world
  if (!execution.askers.includes(idOf(by)))
    return refuse(world, `Only who asked for it may withdraw it. ${nameOf(by)} did not.`)
  if (!mayWithdraw(execution))
    return refuse(world, 'It can be withdrawn only while it waits for a judgment and nothing was changed. Cancel it.')
  const notes = [...execution.notes, { at: now, text: `${nameOf(by)} withdrew it` }]
  return finish({ ...world, execution: { ...execution, notes } }, 'canceled', 'withdrawn', now)
}
