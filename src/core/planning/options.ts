import { CommandFileError } from '../../errors.ts'
import { milliseconds } from '../duration.ts'
import type { Retry, TimeLimit } from '../stage/shape.ts'
import { onFailures } from '../stage/shape.ts'
import type { Stage, StageDraft, StageKind } from '../workflow.ts'

const MOST_RETRIES = 20

/** How long a stage gets to end after the interrupt that its time limit brings. */
const GRACE = '1m'

/**
 * What a stage is to do about failures and time, checked against what its kind can. Throws a `CommandFileError` where the command file asks
 * for what would do harm: nothing that must not run twice is ever tried again by itself.
 */
export function optionsOf(
  id: string,
  draft: StageDraft,
  kind: StageKind,
): Pick<Stage, 'onFailure' | 'retry' | 'timeLimit'> {
  const { onFailure = 'halt', retry, timeLimit } = draft
  if (!onFailures.includes(onFailure))
    throw new CommandFileError(`Stage ${id} has the \`onFailure\` ${onFailure}; there are ${onFailures.join(', ')}.`)
  if (onFailure === 'continue' && kind.kind === 'judgment')
    throw new CommandFileError(
      `Stage ${id} is a judgment: what was not approved cannot be gone on from (\`onFailure: 'continue'\`).`,
    )
  return {
    onFailure,
    ...(retry ? { retry: retryOf(id, retry, kind) } : {}),
    ...(timeLimit === undefined ? {} : { timeLimit: timeLimitOf(id, timeLimit, kind) }),
  }
}

function retryOf(
  id: string,
  { times, wait = '10s', most = '10m' }: NonNullable<StageDraft['retry']>,
  kind: StageKind,
): Retry {
  if (!kind.repeatable)
    throw new CommandFileError(
      `Stage ${id} is of the kind ${kind.kind}, which must not run twice: it cannot have a \`retry\`. Whoever wants it again asks again.`,
    )
  if (!kind.run)
    throw new CommandFileError(
      `Stage ${id} is of the kind ${kind.kind}, which no worker runs: it cannot have a \`retry\`.`,
    )
  if (!Number.isInteger(times) || times < 1 || times > MOST_RETRIES)
    throw new CommandFileError(
      `Stage ${id} has the \`retry.times\` ${times}; use a whole number from 1 to ${MOST_RETRIES}.`,
    )
  if (milliseconds(most) < milliseconds(wait))
    throw new CommandFileError(
      `Stage ${id} has a \`retry.most\` of ${most}, which is shorter than its \`wait\` of ${wait}.`,
    )
  return { times, wait, most }
}

function timeLimitOf(id: string, limit: NonNullable<StageDraft['timeLimit']>, kind: StageKind): TimeLimit {
  if (!kind.run && kind.kind !== 'workflow')
    throw new CommandFileError(
      `Stage ${id} is of the kind ${kind.kind}, which no worker runs: it cannot have a \`timeLimit\` (a judgment has \`within\`, a wait its end).`,
    )
  const { after, grace = GRACE } = typeof limit === 'string' ? { after: limit } : limit
  if (typeof after !== 'string')
    throw new CommandFileError(
      `Stage ${id} has the \`timeLimit\` ${JSON.stringify(limit)}; write '30m', or { after: '30m', grace: '2m' }.`,
    )
  const force = kind.repeatable || kind.forcible === true
  for (const text of [after, grace]) milliseconds(text)
  return { after, grace, ...(force ? { force } : {}) }
}
