import type { Preapproved } from '../core/preapproval.ts'
import type { StageDraft, StageKind, StageKinds } from '../core/workflow.ts'
import { ansible, ansibleKind } from './ansible.ts'
import { driftKind } from './drift.ts'
import { healthKind } from './health.ts'
import { http, httpKind } from './http.ts'
import { image, imagePublish } from './image-publish.ts'
import { jenkins, jenkinsKind } from './jenkins.ts'
import { judgment, judgmentKind } from './judgment.ts'
import { kv, kvAdoptKind, kvApplyKind, kvDriftKind, kvPlanKind } from './kv.ts'
import { loadReport } from './load/report.ts'
import { loadRun } from './load/run.ts'
import { loadTarget } from './load/target.ts'
import { loadVerdict } from './load/verdict.ts'
import { outputs } from './outputs.ts'
import { packer, packerBuild } from './packer-build.ts'
import { packerPrepare } from './packer-prepare.ts'
import { promotion } from './promotion.ts'
import { blueGreen, release } from './release.ts'
import { releaseCanary } from './release-canary.ts'
import { releaseChoose } from './release-choose.ts'
import { releaseDrain } from './release-drain.ts'
import { releaseRecord } from './release-record.ts'
import { releaseRestore } from './release-restore.ts'
import { releaseSwitch } from './release-switch.ts'
import { script, scriptKind } from './script.ts'
import { terraform, terraformApply } from './terraform-apply.ts'
import { terraformLook } from './terraform-look.ts'
import { terraformPush, terraformUnlock } from './terraform-mend.ts'
import { terraformPlan } from './terraform-plan.ts'
import { wait, waitKind } from './wait.ts'
import { workflow, workflowKind } from './workflow.ts'

export { drift } from './drift.ts'
export { health } from './health.ts'
export { loadTest } from './load/workflow.ts'
export {
  ansible,
  blueGreen,
  http,
  image,
  jenkins,
  judgment,
  kv,
  packer,
  promotion,
  release,
  script,
  terraform,
  wait,
  workflow,
}

/** Every kind of stage there is, by name. A new kind is one file and one line here. */
export const stageKinds: StageKinds = new Map(
  [
    terraformPlan,
    terraformApply,
    terraformLook,
    terraformUnlock,
    terraformPush,
    judgmentKind,
    healthKind,
    waitKind,
    workflowKind,
    driftKind,
    scriptKind,
    httpKind,
    jenkinsKind,
    ansibleKind,
    releaseChoose,
    releaseCanary,
    releaseSwitch,
    releaseDrain,
    releaseRestore,
    releaseRecord,
    packerPrepare,
    packerBuild,
    imagePublish,
    loadTarget,
    loadRun,
    loadReport,
    loadVerdict,
    kvPlanKind,
    kvApplyKind,
    kvDriftKind,
    kvAdoptKind,
  ].map((kind) => [kind.kind, { ...withOutput(kind.kind), ...(kind as unknown as StageKind) }]),
)

function withOutput(kind: string) {
  const output = outputs[kind]
  return output ? { output } : {}
}

/** What takes an environment down: a destroy is planned, judged and applied like any other plan. */
export function teardown(preapproved?: Preapproved): StageDraft[] {
  return [
    terraform.plan({ destroy: true }),
    judgment({ show: 'terraform.plan', ...(preapproved ? { preapproved } : {}) }),
    terraform.apply({ plan: 'terraform.plan' }),
  ]
}
