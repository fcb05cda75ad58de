import type { Execution } from '../core/execution.ts'
import { WORKFLOW } from '../core/nested.ts'
import { idOfChild } from '../engine/nested.ts'
import type { Related } from './messages/nested.ts'
import type { PosterParts } from './parts.ts'

/** The executions that the stages of one began, and the one that it is part of, each with its message. */
export async function relatedOf(parts: PosterParts, execution: Execution): Promise<Related> {
  const stages = execution.stages.filter(({ kind, attempt }) => kind === WORKFLOW && attempt > 0)
  const children = await Promise.all(
    stages.map(async (stage) => [stage.id, await shownAs(parts, idOfChild(execution, stage))] as const),
  )
  const { parent } = execution
  return { children: new Map(children), ...(parent ? { parent: await shownAs(parts, parent.execution) } : {}) }
}

async function shownAs({ store, outbox, permalink }: PosterParts, id: string) {
  const posted = await outbox.posted(`execution:${id}`)
  return { id, execution: await store.execution(id), link: posted ? await permalink(posted) : undefined }
}
