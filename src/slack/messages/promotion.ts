import type { Execution } from '../../core/execution.ts'
import { isOver } from '../../core/execution.ts'
import { wordOf } from '../../core/status-word.ts'
import { unmatched } from '../../core/webhook.ts'
import { code, link, plain } from './text.ts'
import type { ExecutionView } from './view.ts'
import { emojiOf } from './view.ts'

/** A step of a promotion as it stands; null while it was not begun. */
export type StepView = {
  readonly environment: string
  readonly execution: Execution | null
  readonly link?: string | undefined
}

/** All steps of the promotion that an execution is part of, each with how it stands; where one ended badly, what that means. */
export function promotionLines({ execution, steps = [] }: ExecutionView): string[] {
  const { promotion } = execution
  if (!promotion) return []
  const { name, step, environments } = promotion
  const places = environments.map((environment, at) => {
    const own = at + 1 === step
    const there = own ? execution : (steps[at]?.execution ?? null)
    const text = own ? `*${plain(environment)}*` : plain(environment)
    if (!there) return `▫️ ${text}`
    const where = own ? '' : ` ${steps[at]?.link ? link(steps[at]?.link, there.id) : code(there.id)}`
    return `${emojiOf(there)} ${text} ${wordOf(there)}${where}`
  })
  const first = `🪜 Step ${step} of ${environments.length} of the promotion ${code(name)}: ${places.join(' → ')}`
  return [first, ...stoppedLine(execution, steps)]
}

function stoppedLine(execution: Execution, steps: readonly StepView[]): string[] {
  const { promotion } = execution
  if (!promotion) return []
  const all = promotion.environments.map((environment, at) => ({
    environment,
    there: at + 1 === promotion.step ? execution : (steps[at]?.execution ?? null),
  }))
  const at = all.findIndex(({ there }) => there !== null && isOver(there) && there.status !== 'succeeded')
  const stopped = all[at]
  if (!stopped || all.slice(at + 1).some(({ there }) => there !== null)) return []
  const untouched = all.slice(at + 1).map(({ environment }) => plain(environment))
  const rest = untouched.length > 0 ? ` Nothing was done in ${untouched.join(' and ')}.` : ''
  return [`The promotion stopped at ${plain(stopped.environment)}.${rest}`]
}

/** What whoever approves has to know where a commit's author is nobody whom the site knows. */
export function authorLines({ askers }: Execution): string[] {
  return unmatched(askers).map((email) =>
    email === 'unnamed'
      ? '⚠️ The request named no author of the commit: whoever approves makes sure that it is not their own.'
      : `⚠️ The author of the commit, ${code(email)}, is nobody whom the site knows: whoever approves makes sure that it is not their own.`,
  )
}
