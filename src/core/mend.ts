import type { Actor } from './actor.ts'
import { idOf, nameOf } from './actor.ts'
import { planAgain } from './anew.ts'
import { underGlass } from './break-glass/glass.ts'
import type { Next, World } from './event.ts'
import type { Execution } from './execution.ts'
import { fresh, stageOf } from './execution.ts'
import { finish, go, refuse } from './finish.ts'
import type { Offer } from './look.ts'
import { LOOK, lookFirst, lookOf, offersOf } from './look.ts'

/** What somebody chose to do about an end that nobody saw. `attempt` is that of the look the buttons were drawn after. */
export type Choice = { readonly offer: Offer; readonly by: Actor; readonly attempt: number } & {
  /** Break glasses that he held. */
  readonly glass?: readonly string[]
}

/** Does what was chosen, if it is still offered: things may have become clear meanwhile, and then nothing is mended. */
export function chosen(world: World, choice: Choice, now: number): Next {
  const { offer, by, attempt } = choice
  const { execution } = world
  if (execution.status !== 'unknown')
    return refuse(world, 'It is no longer unknown how it stands; look at its message.')
  const look = stageOf(execution, LOOK)
  if (look && look.attempt !== attempt)
    return refuse(world, 'Somebody looked again since this button was drawn. Look at what was found, then choose.')
  if (!offersOf(execution).includes(offer)) return refuse(world, 'That cannot be done as things stand now.')
  if (offer === 'leave') return left(world, by, now)
  if (offer === 'plan') return planAnew(world, choice, now)
  if (offer === 'look') return go(lookAgain(noted(world, `${nameOf(by)} asked to look again`, now)), now)
  return mend(world, offer, by, now)
}

/** Somebody took it on himself to end an unknown execution as it is. */
export function left(world: World, by: Actor, now: number): Next {
  const { execution } = world
  if (execution.status !== 'unknown')
    return refuse(world, 'Only an execution that stands at unknown can be left as it is.')
  const alive = aliveText(execution)
  if (alive) return refuse(world, `${alive} Leave it as it is when that has ended.`)
  const text = `${nameOf(by)} left it as it is: how it ended stays unknown, and the lock was given back.`
  const notes = [...execution.notes, { at: now, text }]
  return finish({ ...world, execution: { ...execution, notes } }, 'unknown', 'left', now)
}

/** What of an execution is known to be at work still, although it stands at unknown; null when nothing is. */
export function aliveText(execution: Execution): string | null {
  const busy = execution.stages.find(({ state }) => state === 'running')
  if (busy) return `\`${busy.id}\` still runs.`
  if (lookOf(execution)?.process !== 'running') return null
  return 'Its process was still running when it was last looked at (**Look again** on its message).'
}

/** Never a silent re-run: a new plan is shown and judged like any other, and whoever asked for it counts as an asker. */
function planAnew(world: World, { by, glass }: Choice, now: number): Next {
  const apply = world.execution.stages.find((stage) => stage.state === 'unknown')
  const plan = apply?.input.plan
  if (typeof plan !== 'string') return refuse(world, 'There is no plan to make again.')
  const { execution } = planAgain(
    world,
    plan,
    `nobody saw how ${apply?.id} ended; ${nameOf(by)} asked for a new plan`,
    now,
  )
  const askers = [...new Set([...execution.askers, idOf(by)])]
  const under = underGlass(glass, by, execution.glass)
  return go({ ...world, execution: { ...execution, askers, ...under, status: 'running' } }, now)
}

function lookAgain(world: World): World {
  return lookFirst(world, String(stageOf(world.execution, LOOK)?.input.of))
}

/** A stage beside the workflow that releases exactly this lock, or pushes exactly this saved state, on the machine that has it. */
function mend(world: World, offer: 'unlock' | 'push', by: Actor, now: number): Next {
  const { execution } = world
  const found = lookOf(execution)
  const look = stageOf(execution, LOOK)
  const worker = stageOf(execution, String(look?.input.of))?.worker
  const input = {
    ...look?.input,
    by: idOf(by),
    lock: found?.lock?.id ?? null,
    machine: offer === 'push' ? (found?.savedOn ?? null) : null,
    host: worker?.host ?? null,
  }
  const before = stageOf(execution, offer)
  const stage = fresh({
    id: offer,
    kind: `terraform.${offer}`,
    input,
    after: [],
    onFailure: 'halt',
    aside: true,
    attempt: before?.attempt ?? execution.looks ?? 0,
  })
  const text =
    offer === 'unlock'
      ? `${nameOf(by)} asked to release the state lock ${found?.lock?.id}`
      : `${nameOf(by)} asked to push the saved state`
  const { execution: marked } = noted(world, text, now)
  const stages = [...marked.stages.filter(({ id }) => id !== offer), stage]
  return go({ ...world, execution: { ...marked, stages } }, now)
}

function noted(world: World, text: string, now: number): World {
  return { ...world, execution: { ...world.execution, notes: [...world.execution.notes, { at: now, text }] } }
}
