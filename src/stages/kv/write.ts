import type { Batch } from '../../core/kv/batches.ts'
import { batchesOf } from '../../core/kv/batches.ts'
import type { Change } from '../../core/kv/diff.ts'
import { fits, isDone } from '../../core/kv/diff.ts'
import type { KvPart } from '../../core/kv/plan.ts'
import type { Conflict, Progress } from '../../core/kv/report.ts'
import { untouched } from '../../core/kv/report.ts'
import type { RunContext } from '../../core/workflow.ts'
import { messageOf } from '../../errors.ts'
import type { TxnOperation, TxnRefusal } from '../../tools/consul/kv/write.ts'
import { ConsulFailure } from '../../tools/consul/watch/failure.ts'
import type { Consul, Seen } from './look.ts'
import { memoryOf, standingDigest } from './memory.ts'
import { hereIn, lookAgain, serve, tidyNodes } from './serve.ts'

/** A datacenter on its way: what was there when it was begun, and what was made since. */
type Pass = {
  readonly context: RunContext
  readonly consul: Consul
  readonly part: KvPart
  readonly seen: Seen
  readonly already: Change[]
  readonly written: Change[]
}

/** Writes one datacenter, batch by batch, and says exactly how far it came. */
export async function writePart(context: RunContext, consul: Consul, part: KvPart): Promise<Progress> {
  const { dc, changes } = part
  let seen: Seen
  try {
    seen = await lookAgain(context, consul, part)
  } catch (error) {
    return { ...untouched(dc, changes, whyOf(error)), state: isAway(error) ? 'waits' : 'failed' }
  }
  const already = changes.filter((change) => isDone(change, hereIn(seen, change)))
  const pass = { context, consul, part, seen, already, written: [] }
  const so = new Set(already)
  const todo = changes.filter((change) => !so.has(change))
  const services = todo.filter(({ kind }) => kind === 'service')
  const stopped =
    (await writeKeys(pass, batchesOf(todo.filter(({ kind }) => kind === 'key')), services)) ??
    (await writeServices(pass, services))
  if (stopped) return stopped
  await tidyNodes(context, consul, part)
  await rememberRight(context, consul, part)
  return soFar(pass, { state: 'done', why: '' })
}

const FAILED = 'a batch was refused, and nothing of it was written.'
const STALE = 'it has another index'

function soFar({ part, already, written }: Pass, end: Pick<Progress, 'state' | 'why'> & Partial<Progress>): Progress {
  return { dc: part.dc, already, written, conflicts: [], refused: [], left: [], ...end }
}

/** Gives how it stands where it stops; null where all keys are written. */
async function writeKeys(pass: Pass, batches: readonly Batch[], after: readonly Change[]): Promise<Progress | null> {
  const { context, part } = pass
  const leftFrom = (at: number) => [...batches.slice(at).flatMap(({ changes }) => [...changes]), ...after]
  for (const [at, batch] of batches.entries()) {
    if (context.signal.aborted)
      return soFar(pass, { state: 'untouched', why: 'it was called off between two batches.', left: leftFrom(at) })
    context.progress(`${part.dc}: batch ${at + 1} of ${batches.length}`)
    try {
      const refused = await writeBatch(pass, batch)
      if (refused) return soFar(pass, { state: 'failed', why: FAILED, ...refused, left: leftFrom(at + 1) })
    } catch (error) {
      return cutShort(pass, leftFrom(at), error)
    }
  }
  return null
}

/**
 * A batch, all of it or nothing. Where it is refused only since some of it is so already (a worker that counts as dead was slow, and not
 * dead), the rest of it is tried once more. Gives its conflicts, and what was not written for their sake; null where it is written.
 */
async function writeBatch(
  pass: Pass,
  { alone, changes }: Batch,
): Promise<Pick<Progress, 'conflicts' | 'refused'> | null> {
  const { context, consul, part, already, written } = pass
  let todo = changes
  for (let tries = 1; ; tries++) {
    const refusals = alone ? await single(consul, part.dc, todo) : await together(consul, part.dc, todo)
    if (!refusals) break
    const seen = await lookAgain(context, consul, part).catch(() => null)
    const done = seen ? todo.filter((change) => isDone(change, hereIn(seen, change))) : []
    const named = new Set(refusals.map(({ at }) => todo[at]))
    const onlyDone = [...named].every((change) => change && done.includes(change))
    if (!onlyDone || tries > 1) {
      const conflicts = refusals.flatMap(({ at, what }) => conflictOf(todo[at], what, seen))
      return { conflicts, refused: todo.filter((change) => !named.has(change)) }
    }
    already.push(...done)
    todo = todo.filter((change) => !done.includes(change))
    if (todo.length === 0) return null
  }
  written.push(...todo)
  return null
}

async function together({ writer }: Consul, dc: string, changes: readonly Change[]): Promise<TxnRefusal[] | null> {
  return writer.txn(changes.map(operationOf), { dc })
}

async function single({ writer }: Consul, dc: string, [change]: readonly Change[]): Promise<TxnRefusal[] | null> {
  const operation = change && operationOf(change)
  if (operation?.verb !== 'cas') throw new Error('Only a value is written alone.')
  return (await writer.put(operation, { dc })) ? null : [{ at: 0, what: STALE }]
}

function operationOf({ key, text, index, flags }: Change): TxnOperation {
  return text === null ? { verb: 'delete-cas', key, index } : { verb: 'cas', key, value: text, flags, index }
}

function conflictOf(change: Change | undefined, what: string, seen: Seen | null): Conflict[] {
  return change ? [{ change, what, now: (seen && hereIn(seen, change)) ?? null }] : []
}

async function writeServices(pass: Pass, services: readonly Change[]): Promise<Progress | null> {
  const { context, consul, part, written } = pass
  if (services.length === 0) return null
  let seen: Seen
  try {
    seen = await lookAgain(context, consul, part)
  } catch (error) {
    return cutShort(pass, services, error)
  }
  for (const [at, change] of services.entries()) {
    const left = services.slice(at)
    if (!fits(change, hereIn(seen, change)))
      return soFar(pass, {
        state: 'failed',
        why: 'somebody else changed a service.',
        conflicts: conflictOf(change, STALE, seen),
        left: left.slice(1),
      })
    try {
      await serve(context, consul, part.dc, change, seen)
      written.push(change)
    } catch (error) {
      return cutShort(pass, left, error)
    }
  }
  return null
}

/** No answer: what was sent last may have been written all the same, which only Consul knows. */
async function cutShort(pass: Pass, left: readonly Change[], error: unknown): Promise<Progress> {
  const why = whyOf(error)
  const seen = await lookAgain(pass.context, pass.consul, pass.part).catch(() => null)
  // One that still answers is not away: waiting for it would only try the same again and again.
  const end = { state: seen === null && isAway(error) ? ('waits' as const) : ('failed' as const), why }
  const done = seen ? left.filter((change) => isDone(change, hereIn(seen, change))) : []
  pass.written.push(...done)
  return soFar(pass, { ...end, left: left.filter((change) => !done.includes(change)) })
}

function isAway(error: unknown): boolean {
  return error instanceof ConsulFailure && ['agent', 'unreachable', 'leaderless'].includes(error.kind)
}

function whyOf(error: unknown): string {
  if (error instanceof ConsulFailure) return messageOf(error)
  throw error
}

/**
 * All of it is there now: from here on, what differs was changed by somebody. What was changed beside it since the plan is not taken for right.
 */
async function rememberRight(context: RunContext, consul: Consul, part: KvPart): Promise<void> {
  const seen = await lookAgain(context, consul, part).catch(() => null)
  if (seen && part.right === standingDigest(seen)) await memoryOf(context).sawRight(part.dc, seen)
}
