import { randomUUID } from 'node:crypto'
import { idOf } from '../core/actor.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import { rolesText } from '../core/judgment.ts'
import type { Lock } from '../core/locks.ts'
import { stealText, stolenFromNobody } from '../core/steal.ts'
import { approversOf, imageTarget, kvTarget, lookFirst } from '../core/target.ts'
import type { Asked } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import type { CrewParts } from './parts.ts'
import { underOf } from './rights.ts'

/** The locks of all environments and images that the site names, as they are stored. */
export async function locksOf({ site, store }: CrewParts): Promise<Lock[]> {
  const names = [
    ...Object.keys(site.environments),
    ...Object.keys(site.images).map(imageTarget),
    ...Object.keys(site.kv).map(kvTarget),
  ]
  return Promise.all(names.map((name) => lockOf(store, name)))
}

async function lockOf(store: CrewParts['store'], name: string): Promise<Lock> {
  const environment = await store.environment(name)
  const holder = environment.lock ? await store.execution(environment.lock.execution) : null
  return { environment, holder }
}

/**
 * Takes the lock of an environment from an execution that is over or stands at unknown; what holds it, and nothing else, decides
 * whether that may be done. It needs an approver of the environment; whether he asked for that execution does not matter, as with
 * **Leave it**. Throws a `UserError` that says why it was not taken; every refusal is recorded.
 */
export async function steal(parts: CrewParts, name: string, why: string, asked: Asked): Promise<string> {
  const { store, site, now } = parts
  const approvers = approversOf(site, name)
  const request = `steal:${asked.request ?? randomUUID()}`
  const before = await store.seen(request)
  if (before) return answer(before, await store.environment(name))
  const { environment, holder } = await lockOf(store, name)
  const refuse = refusing(parts, environment, asked, request)
  const may = approvers.filter((role) => asked.roles.includes(role))
  if (may.length === 0) return refuse(`Only ${rolesText(approvers)} may take the lock of ${name}.`)
  if (!why.trim()) return refuse('Say why the lock is taken: `--why "its machine is gone"`.')
  const id = environment.lock?.execution
  if (!id) return refuse(`Nobody holds the lock of ${name}.${stealText(environment)}`)
  const taking = { by: asked.actor, why: why.trim(), rule: `approvers: ${may.join(', ')}` }
  if (holder?.environment === name) {
    const next = await store.tell(id, { type: 'stolen', ...taking, ...underOf(asked) }, request, asked.until)
    if (next.refused) return refuse(next.refused)
  } else {
    const take = (record: EnvironmentRecord) => stolenFromNobody(record, id, taking, now())
    await store.alter(name, take, { key: request, value: id, until: asked.until, under: asked.glass })
  }
  parts.kick()
  const after = await store.environment(name)
  const done = await store.seen(request)
  return done ? answer(done, after) : refuse(`The lock of ${name} changed hands meanwhile.${stealText(after)}`)
}

function answer(from: string, { name, lock, queue }: EnvironmentRecord): string {
  const waiting = queue.length > 0 ? ` and ${queue.length} more wait for it` : ''
  const now = lock ? `\`${lock.execution}\` holds it now${waiting}` : 'It is free now'
  return `The lock of ${name} was taken from \`${from}\`. ${now}. ${lookFirst(name)}`
}

/** A refusal is told to the person and recorded, once for each request. */
function refusing(parts: CrewParts, { name, lock }: EnvironmentRecord, { actor }: Asked, request: string) {
  const held = lock ? { execution: lock.execution, line: lock.line } : {}
  const about = { who: idOf(actor), what: 'steal the lock', environment: name, ...held }
  return async (why: string): Promise<never> => {
    await parts.audit.note({ kind: 'refused', ...about, why }, `refused:${request}`)
    throw new UserError(why)
  }
}
