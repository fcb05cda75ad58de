import { CommandFileError } from '../../errors.ts'
import type { Stage } from '../workflow.ts'

/** What makes a plan that people judge. */
const PLANS = ['terraform.plan', 'kv.plan']

/** Every plan that is applied is shown by a judgment, whoever wrote the command file; that it comes first is checked for each stage. */
export function checkJudged(stages: readonly Stage[]): void {
  const shown = new Set(stages.flatMap(({ kind, input }) => (kind === 'judgment' ? [input.show] : [])))
  const plans = new Set(stages.flatMap(({ id, kind }) => (PLANS.includes(kind) ? [id] : [])))
  const open = stages.find(({ input: { plan } }) => plans.has(String(plan)) && !shown.has(plan))
  if (open)
    throw new CommandFileError(
      `Stage ${open.id} would apply ${open.input.plan}, which nobody judges: \`judgment({ show: '${open.input.plan}' })\` belongs between them. A command that has to do without one says why (\`unsafe: '...'\`).`,
    )
}
