/** Reading Terraform's plan: what it would do, in numbers and in words, and what in it must never be shown. */
export type { Drift, OutputChange, PlanAction, PlanChange, ReplaceOrder } from './plan/changes.ts'
export type { Plan } from './plan/schema.ts'
export { readPlan, readPlanText } from './plan/schema.ts'
export { secretsOf } from './plan/secrets.ts'
export type { PlanCounts, PlanSummary } from './plan/summary.ts'
export { summarizePlan } from './plan/summary.ts'
export { describeChange, describePlanned, headline, isRisky, riskLines } from './plan/words.ts'
