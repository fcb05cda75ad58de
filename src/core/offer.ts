import { z } from 'zod'
import type { Execution } from './execution.ts'
import { outputOf } from './execution.ts'

/** A command line that a stage proposes as the next step: a button that runs it with the rights of whoever presses it. */
const offer = z.object({ label: z.string().min(1).max(75), line: z.string().min(1) })
const offers = z.array(offer).catch([])

export type NextStep = z.infer<typeof offer> & { readonly stage: string; readonly index: number }

/** What the stages of an execution propose, in order. */
export function nextSteps(execution: Execution): NextStep[] {
  return execution.stages.flatMap(({ id }) =>
    offers.parse(outputOf(execution, id)?.offers ?? []).map((each, index) => ({ ...each, stage: id, index })),
  )
}
