import type { Effect } from '../core/event.ts'
import type { Execution } from '../core/execution.ts'
import { seenBy } from '../core/promotion.ts'
import { wordOf } from '../core/status-word.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Audit } from './audit.ts'
import type { Done, Perform } from './effects.ts'
import type { EngineParts } from './perform.ts'
import { signature } from './signature.ts'

type Parts = Pick<EngineParts, 'store' | 'site' | 'now'> & {
  readonly audit: Audit
  readonly log: Log
  /** The secret of a name that the site gives. */
  readonly secret: (name: string) => string
}

/** Longer than this it is tried no more: about twenty minutes in all. */
const MOST_TRIES = 9
const FIRST_WAIT_MS = 5_000
const ANSWER_WITHIN_MS = 10_000

/** Tells the address that the site names how a step ended, at least once; an address that does not answer is given up, and that is recorded. */
export function createStepReport(parts: Parts): Perform {
  return async (effect: Effect, looks: number): Promise<Done> => {
    if (effect.do !== 'report') throw new Error(`${effect.do} is nothing to report.`)
    const execution = await parts.store.execution(effect.execution)
    const name = execution?.promotion?.name ?? ''
    const settings = Object.hasOwn(parts.site.promotions, name) ? parts.site.promotions[name] : undefined
    if (!execution || !settings?.report_url || !settings.report_secret) return 'done'
    const { report_url: url, report_secret: secret } = settings
    try {
      await post(url, parts.secret(secret), JSON.stringify(reportOf(execution)), parts.now())
      return 'done'
    } catch (error) {
      const why = `its end was not reported to ${new URL(url).host}: ${messageOf(error)}`
      parts.log.warn({ execution: execution.id, tries: looks, error: messageOf(error) }, 'step not reported')
      if (looks < MOST_TRIES) return { againIn: FIRST_WAIT_MS * 2 ** (looks - 1) }
      await parts.audit.note(
        { kind: 'refused', who: 'groundcrew', what: 'report', line: execution.line, execution: execution.id, why },
        `report:${execution.id}`,
      )
      return 'done'
    }
  }
}

/** What is told: where it stands and how to find it, never a value of a plan. `id` is the same however often it comes. */
export function reportOf(execution: Execution) {
  const { id, environment, status, endedAt, promotion, args } = execution
  if (!promotion) throw new Error(`${id} is no step of a promotion.`)
  const { name, step, environments, first } = promotion
  return {
    id: `${id}:over`,
    promotion: name,
    started: first,
    execution: id,
    step,
    steps: environments.length,
    environment,
    status,
    outcome: wordOf(execution),
    /** Whether the whole promotion is over with this. */
    last: status !== 'succeeded' || promotion.rest.length === 0,
    commit: seenBy(execution, promotion).commit,
    version: typeof args.version === 'string' ? args.version : null,
    ended: endedAt === null ? null : new Date(endedAt).toISOString(),
  }
}

async function post(url: string, secret: string, body: string, now: number): Promise<void> {
  const seconds = String(Math.floor(now / 1000))
  const headers = {
    'content-type': 'application/json',
    'x-groundcrew-timestamp': seconds,
    'x-groundcrew-signature': signature(secret, seconds, body),
  }
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`it answered ${response.status}`)
}
