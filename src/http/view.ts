import { milliseconds } from '../core/duration.ts'
import type { Execution } from '../core/execution.ts'
import { WORKFLOW } from '../core/nested.ts'
import type { Promotion } from '../core/promotion.ts'
import type { Site } from '../core/site.ts'
import { channelOf } from '../core/target.ts'
import { idOfChild } from '../engine/nested.ts'
import type { Progress } from '../engine/progress.ts'
import { idOfStep } from '../engine/promote.ts'
import type { Store } from '../engine/store.ts'
import type { AccessParts, Admitted } from './access.ts'
import type { Linked, Related, RunView } from './pages/view.ts'

export type ViewParts = {
  readonly access: { readonly parts: { readonly site: Site }; readonly links: AccessParts['links'] }
  readonly store: Pick<Store, 'execution' | 'environment'>
  readonly progressOf: (execution: string) => Promise<readonly Progress[]>
  readonly now: () => number
}

/** All that the page of an execution is made of, as somebody may see it. */
export async function viewOf(parts: ViewParts, execution: Execution, admitted: Admitted): Promise<RunView> {
  const { store, access, progressOf, now } = parts
  const [progress, environment, related] = await Promise.all([
    progressOf(execution.id),
    execution.lock === 'queued' && execution.environment ? store.environment(execution.environment) : null,
    relatedOf(parts, execution, admitted),
  ])
  const quietAfter = milliseconds(access.parts.site.worker.quiet_after)
  return { execution, progress, environment, related, quietAfter, now: now() }
}

/** What its stages began, what it is part of, what it runs again, and the other steps of its promotion. */
async function relatedOf(parts: ViewParts, execution: Execution, admitted: Admitted): Promise<Related> {
  const { parent, promotion, retries, stages } = execution
  const linked = (id: string) => linkedTo(parts, execution, id, admitted)
  const begun = stages.filter(({ kind, attempt }) => kind === WORKFLOW && attempt > 0)
  const [children, above, before, steps] = await Promise.all([
    Promise.all(begun.map(async (stage) => [stage.id, await linked(idOfChild(execution, stage))] as const)),
    parent ? linked(parent.execution) : null,
    retries ? linked(retries) : null,
    promotion ? Promise.all(idsOf(promotion, execution.id).map(linked)) : [],
  ])
  return { children: new Map(children), parent: above, retries: before, steps }
}

function idsOf({ first, step, environments, before }: Promotion, own: string): string[] {
  return environments.map((_, at) => (at + 1 === step ? own : (before[at] ?? idOfStep({ first, step: at + 1 }))))
}

/**
 * Another execution with its page. A person is asked for again there. Who has only a link saw the channel of this one's message: the page
 * of what is shown in the same channel opens for him too, for as long as this one does and no longer, and no other one does.
 */
async function linkedTo(
  { access, store }: ViewParts,
  from: Execution,
  id: string,
  admitted: Admitted,
): Promise<Linked> {
  const execution = await store.execution(id)
  if (!execution || id === from.id) return { id, execution, href: null }
  const page = `/runs/${id}`
  if (admitted.by === 'person') return { id, execution, href: page }
  const { site } = access.parts
  const channel = ({ origin, environment }: Execution) => origin.channel ?? channelOf(site, environment) ?? null
  if (channel(execution) !== channel(from)) return { id, execution, href: null }
  return { id, execution, href: `${page}?key=${access.links.sign('link', page, admitted.until)}` }
}
