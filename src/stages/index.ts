import type { Preapproved } from '../core/preapproval.ts'
import type { StageDraft, StageKind, StageKinds } from '../core/workflow.ts'
import { healthKind } from './health.ts'
import { judgment, judgmentKind } from './judgment.ts'
import { terraform, terraformApply } from './terraform-apply.ts'
import { terraformLook } from './terraform-look.ts'
import { terraformPush, terraformUnlock } from './terraform-mend.ts'
import { terraformPlan } from './terraform-plan.ts'

export { health } from './health.ts'
export { judgment, terraform }

/** Every kind of stage there is, by name. A new kind is one file and one line here. */
export const stageKinds: StageKinds = new Map(
  [terraformPlan, terraformApply, terraformLook, terraformUnlock, terraformPush, judgmentKind, healthKind].map(
    (kind) => [kind.kind, kind as unknown as StageKind],
  ),
)

/** What takes an environment down: a destroy is planned, judged and applied like any other plan. */
export function teardown(preapproved?: Preapproved): StageDraft[] {
  return [
    terraform.plan({ destroy: true }),
    judgment({ show: 'terraform.plan', ...(preapproved ? { preapproved } : {}) }),
    terraform.apply({ plan: 'terraform.plan' }),
  ]
}
