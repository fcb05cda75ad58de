import { randomUUID } from 'node:crypto'
import type { Wanted } from '../core/access.ts'
import { decide } from '../core/access.ts'
import { idOf } from '../core/actor.ts'
import { underGlass } from '../core/break-glass/glass.ts'
import type { Execution } from '../core/execution.ts'
import { seenBy } from '../core/promotion.ts'
import type { Retry } from '../core/retry.ts'
import { retryOf } from '../core/retry.ts'
import type { Asked } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { newId } from './id.ts'
import type { CrewParts } from './parts.ts'
import { wantedBelow } from './request.ts'

/** What is nested in it, and the steps that come after it, run by the right of whoever retries too. Throws a `UserError`. */
function retriable({ site }: CrewParts, execution: Execution, { roles }: Asked): Retry {
  const { command, allow, args, environment, promotion } = execution
  const check = (wanted: Wanted) => {
    const decision = decide(site, roles, wanted)
    if (!decision.allowed) throw new UserError(decision.why)
  }
  check({ command, allow, args, environment })
  const retry = retryOf(execution)
  for (const each of wantedBelow(retry)) check(each)
  for (const step of promotion?.rest ?? []) check({ command, allow, args, environment: step.environment })
  return retry
}

/**
 * Says what would run again, and with `go` stores a new execution of just that. It needs the right to run the command with its
 * arguments; whoever retries counts as an asker beside those who asked before.
 */
export async function retry(parts: CrewParts, execution: Execution, asked: Asked, go: boolean): Promise<string> {
  const { command, allow, args, environment } = execution
  const { stages, kept } = retriable(parts, execution, asked)
  const list = stages.map(({ id }) => `\`${id}\``).join(', ')
  const left = kept.length > 0 ? ` Not again: ${kept.map((id) => `\`${id}\``).join(', ')}.` : ''
  if (!go)
    return `Would run again with the same inputs: ${list}.${left} Approvals are not used again. \`runs retry ${execution.id} --go\` does it.`
  const wanted = {
    id: newId(asked.request && `retry:${asked.request}`),
    command,
    line: execution.line,
    args,
    actor: asked.actor,
    allow,
    askers: [...execution.askers, idOf(asked.actor)],
    origin: { ...execution.origin, channel: asked.channel ?? execution.origin.channel },
    environment,
    lifetime: execution.lifetime,
    retries: execution.id,
    ...(execution.promotion
      ? { promotion: { ...execution.promotion, ...seenBy(execution, execution.promotion) } }
      : {}),
    ...underGlass(asked.glass, asked.actor, execution.glass),
    stages,
  }
  const stored = await parts.store.request(wanted, `retry:${asked.request ?? randomUUID()}`, {
    until: asked.until,
    under: asked.glass,
  })
  if (!stored) throw new Error(`The retry of ${execution.id} was not stored.`)
  parts.kick()
  return `\`${stored.execution.id}\` runs again from \`${stages[0]?.id}\`: ${list}.${left}`
}
