import type { PlanChange } from '../plan/changes.ts'
import type { Operation } from './record.ts'

export type Failure = {
  /** What is there now, in plain words. */
  note: string
  /** `maybe` where the provider may have made something before it failed. Tainted objects are replaced by the next apply. */
  tainted: boolean | 'maybe'
  /** Terraform's one-line summary of the error, where one names this address. */
  error?: string
}

type Step = Operation | undefined

/** What a change that did not come to its end has left behind. */
export function failureOf(change: PlanChange, steps: readonly string[], operations: readonly Step[]): Failure {
  if (operations.every((operation) => !operation)) return { note: 'refused before it began', tainted: false }
  if (change.action !== 'replace') return plainFailure(steps, operations)
  const [first, second] = operations
  return change.order === 'destroy first' ? destroyedFirst(first, second) : createdFirst(first, second)
}

function destroyedFirst(destroyed: Step, created: Step): Failure {
  if (destroyed?.state === 'running') return { note: 'cut off while the old one was being destroyed', tainted: false }
  if (destroyed && destroyed.state !== 'done') return { note: 'not destroyed, not created again', tainted: false }
  if (!created) return { note: 'destroyed, not created again', tainted: false }
  if (isTainted(created)) return { note: 'destroyed; the new one was created but is tainted', tainted: true }
  if (created.state === 'running')
    return { note: 'destroyed; cut off while the new one was being created', tainted: 'maybe' }
  return { note: 'destroyed, not created again', tainted: 'maybe' }
}

function createdFirst(created: Step, destroyed: Step): Failure {
  if (created?.state === 'done')
    return { note: 'the new one was created, the old one was not destroyed', tainted: false }
  if (created && isTainted(created)) return { note: 'the new one is tainted, the old one is left over', tainted: true }
  if (created?.state === 'running') {
    return { note: 'cut off while the new one was being created, the old one is still there', tainted: 'maybe' }
  }
  if (destroyed?.state === 'done') return { note: 'destroyed, not created again', tainted: 'maybe' }
  return { note: 'not created, the old one is still there', tainted: 'maybe' }
}

const CUT_OFF: Record<string, string> = { create: 'created', update: 'changed', delete: 'destroyed', read: 'read' }

function plainFailure(steps: readonly string[], operations: readonly Step[]): Failure {
  const index = operations.findIndex((operation) => operation?.state !== 'done')
  const operation = operations[index]
  const step = steps[index] ?? ''
  const creating = step === 'create'
  if (creating && operation && isTainted(operation)) return { note: 'created, but tainted', tainted: true }
  if (operation?.state === 'running' && step !== 'read') {
    return { note: `cut off while being ${CUT_OFF[step] ?? 'worked on'}`, tainted: creating && 'maybe' }
  }
  if (creating) return { note: 'not created', tainted: 'maybe' }
  if (step === 'update') return { note: 'not changed, or only in part', tainted: false }
  return { note: `not ${CUT_OFF[step] ?? 'done'}`, tainted: false }
}

/** A provisioner runs when the object exists already; if it fails or is cut off, Terraform marks the object tainted. */
function isTainted({ state, provisioner }: Operation): boolean {
  return state === 'failed' && (provisioner === 'failed' || provisioner === 'running')
}
