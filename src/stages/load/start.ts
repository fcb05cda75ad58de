import { setTimeout as sleep } from 'node:timers/promises'
import { milliseconds } from '../../core/duration.ts'
import type { RunContext, StageEnd } from '../../core/workflow.ts'

const LOOK_EVERY_MS = 250
/** Whoever sees the others begin later than this would load alone at the end. */
const TOO_LATE_MS = 10_000

/**
 * Waits until the generators of all shares are there at once, so that they load together. Null: now; else why not: where one has ended
 * before the others came, or did not come in time, none of them loads.
 */
export async function startTogether(context: RunContext, within: string): Promise<string | null> {
  const until = context.now() + milliseconds(within)
  for (;;) {
    const shares = (await context.ends()).filter(({ stage }) => stage.startsWith('load.run-'))
    const here = shares.filter(({ state }) => state === 'running')
    if (context.signal.aborted) return 'canceled before the load began'
    if (here.length === shares.length) return tooLate(here, context)
    if (shares.some(({ state }) => state !== 'running' && state !== 'ready'))
      return 'Another share ended before this one began, so no load was made.'
    if (context.now() >= until) return notEnough(here.length, shares.length, within)
    context.progress(`${here.length} of ${shares.length} generators are ready`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** What to do where too few generators came. */
export function notEnough(here: number, of: number, within: string): string {
  const came = here === 0 ? `None of ${of} generators was` : `Only ${here} of ${of} generators were`
  return `${came} there within ${within}, so no load was made. Start more workers with the label \`generator\` (each makes one share), or ask for fewer with \`--generators\`.`
}

/** One whose worker died before it began is taken over by another one, maybe long after the others began. */
function tooLate(shares: readonly StageEnd[], { now }: RunContext): string | null {
  const last = Math.max(...shares.map(({ startedAt }) => startedAt ?? 0))
  return now() - last > TOO_LATE_MS ? 'It came too late: the other generators had begun without it.' : null
}
