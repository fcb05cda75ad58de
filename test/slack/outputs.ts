import type { ApplyOutput, HealthOutput, PlanOutput } from '../../src/core/report.ts'

/** What stages would have left, small and the same each time. */
export const DIGEST = '4f2a9c81d3e7b6055a1c4f2a9c81d3e7b6055a1c4f2a9c81d3e7b6055a1c0001'

export function planOutput(change: Partial<PlanOutput> = {}): PlanOutput {
  return {
    digest: DIGEST,
    needsApply: true,
    deleteOnly: false,
    destroy: false,
    refreshOnly: false,
    moved: [],
    movedMore: 0,
    changed: [],
    dropped: [],
    sizes: null,
    cost: null,
    lineage: 'a-lineage',
    headline: '6 to add, 0 to change, 0 to destroy.',
    errored: false,
    counts: counts({ add: 6 }),
    lines: ['app[0]', 'app[1]', 'generator[0]'].map((address) => `terraform_data.${address}: created`),
    more: 3,
    risky: 0,
    drift: [],
    terraform: '1.11.4',
    tree: 'tree',
    plan: 'plan',
    commit: '0123456789abcdef',
    source: '',
    varFiles: [],
    tofu: false,
    workspace: 'default',
    variables: { app_count: 2, generator_count: 1, image_version: 'v1' },
    ...change,
  }
}

export function counts(change: Partial<PlanOutput['counts']>): PlanOutput['counts'] {
  const none = { add: 0, change: 0, destroy: 0, replace: 0, forget: 0, move: 0 }
  return { ...none, import: 0, read: 0, outputs: 0, drift: 0, deposed: 0, ...change }
}

export function applyOutput(change: Partial<ApplyOutput> = {}): ApplyOutput {
  return {
    headline: '6 done.',
    done: ['terraform_data.app[0]: created'],
    failed: [],
    notStarted: [],
    unsure: [],
    more: { done: 0, failed: 0, notStarted: 0, unsure: 0 },
    destroy: false,
    empty: null,
    lineage: 'a-lineage',
    next: '',
    ...change,
  }
}

export const half = applyOutput({
  headline: '1 done, 1 failed, 2 not started.',
  failed: [
    {
      address: 'terraform_data.app[1]',
      error: 'terraform_data.app[1]: created, but its provisioner failed (local-exec provisioner error)',
      tainted: true,
    },
  ],
  notStarted: ['terraform_data.generator[0]: created', 'terraform_data.generator[1]: created'],
  next: 'Plan again: the new plan shows exactly what is left to do, and replaces what is tainted.',
})

export const healthy: HealthOutput = {
  services: [
    {
      service: 'loadtest-app',
      wanted: 2,
      passing: 2,
      registered: 2,
      sick: [],
      instances: [
        { id: 'app-0', address: '127.0.0.1:4001' },
        { id: 'app-1', address: '127.0.0.1:4002' },
      ],
    },
  ],
}
