import { kvAdoptDraft } from './kv/adopt.ts'
import { kvApplyDraft } from './kv/apply.ts'
import { kvDriftDraft } from './kv/drift.ts'
import { kvPlanDraft } from './kv/plan.ts'

export { kvAdoptKind } from './kv/adopt.ts'
export { kvApplyKind } from './kv/apply.ts'
export { kvDriftKind } from './kv/drift.ts'
export { kvPlanKind } from './kv/plan.ts'

/** Settings in a workflow: `kv.plan()`, `kv.apply({ plan: 'kv.plan' })`, `kv.drift()`, `kv.adopt()`. */
export const kv = { plan: kvPlanDraft, apply: kvApplyDraft, drift: kvDriftDraft, adopt: kvAdoptDraft } as const
