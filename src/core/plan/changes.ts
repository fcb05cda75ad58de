import type { Change, Plan, ResourceChange } from './schema.ts'

export type PlanAction = 'create' | 'update' | 'delete' | 'replace' | 'forget' | 'move' | 'import' | 'read' | 'unknown'

export type ReplaceOrder = 'destroy first' | 'create first' | 'old one kept'

/** One line of a plan: what will happen at one address. */
export type PlanChange = {
  address: string
  action: PlanAction
  order?: ReplaceOrder
  /** Terraform's reason in plain words; a reason we do not know is kept as it came. */
  reason?: string
  /** Paths of the attributes that force the replacement. */
  causes: string[]
  previousAddress?: string
  importId?: string
  /** Key of a left-over copy of an earlier create-first replacement; the change is about that copy. */
  deposed?: string
  /** What Terraform wrote, where we do not know what it means. */
  rawActions?: string[]
}

export type OutputChange = { name: string; action: PlanAction; sensitive: boolean }
export type Drift = { address: string; action: PlanAction }

type Kind = { action: PlanAction | 'no-op'; order?: ReplaceOrder }

const KINDS = new Map<string, Kind>(
  Object.entries({
    'no-op': { action: 'no-op' },
    create: { action: 'create' },
    read: { action: 'read' },
    update: { action: 'update' },
    delete: { action: 'delete' },
    forget: { action: 'forget' },
    'delete,create': { action: 'replace', order: 'destroy first' },
    'create,delete': { action: 'replace', order: 'create first' },
    'create,forget': { action: 'replace', order: 'old one kept' },
    'forget,create': { action: 'replace', order: 'old one kept' },
  } satisfies Record<string, Kind>),
)

const REASONS = new Map(
  Object.entries({
    replace_because_cannot_update: 'it cannot be changed in place',
    replace_because_tainted: 'it is tainted',
    replace_by_request: 'its replacement was asked for',
    replace_by_triggers: 'something it is set to be replaced with changes',
    delete_because_no_resource_config: 'it is no longer in the configuration',
    delete_because_wrong_repetition: 'count or for_each was added or taken away',
    delete_because_count_index: 'count is lower now',
    delete_because_each_key: 'its key is no longer in for_each',
    delete_because_no_module: 'its module is no longer in the configuration',
    delete_because_no_move_target: 'it was moved to an address that is not in the configuration',
    read_because_config_unknown: 'its configuration is known only then',
    read_because_dependency_pending: 'something it depends on changes first',
    read_because_check_nested: 'a check asks for it',
  }),
)

/** Riskiest first; what we do not know is the riskiest of all. */
const RISK: PlanAction[] = ['unknown', 'delete', 'replace', 'forget', 'update', 'create', 'import', 'move', 'read']

const inOrder = new Intl.Collator('en', { numeric: true })

/** What actions mean. Anything but the exact forms we know is `unknown`, an empty list included. */
export function kindOf(actions: readonly string[] | null | undefined): Kind {
  return KINDS.get((actions ?? []).join(',')) ?? { action: 'unknown' }
}

/**
 * Whether Terraform would count this entry. Of data sources only reads at apply matter: their deletes are Terraform's own
 * housekeeping. Ephemeral resources (OpenTofu lists them as `open`) are never part of the state.
 */
export function counts(entry: ResourceChange): boolean {
  if (entry.mode === 'data') return kindOf(entry.change.actions).action === 'read'
  return entry.mode !== 'ephemeral'
}

/** The address it had before, where the change moves it. */
export function movedFrom(entry: ResourceChange): string | undefined {
  return entry.previous_address && entry.previous_address !== entry.address ? entry.previous_address : undefined
}

/** All that would happen, riskiest first, then by address. */
export function changesOf(plan: Plan): PlanChange[] {
  const entries = (plan.resource_changes ?? []).filter(counts)
  const changes = entries.map(planChange).filter((change) => change !== undefined)
  return changes.sort(
    (a, b) => RISK.indexOf(a.action) - RISK.indexOf(b.action) || inOrder.compare(a.address, b.address),
  )
}

function planChange(entry: ResourceChange): PlanChange | undefined {
  const { action, order } = kindOf(entry.change.actions)
  const previousAddress = movedFrom(entry)
  const importing = entry.change.importing
  const quiet = previousAddress ? 'move' : importing ? 'import' : undefined
  const shown = action === 'no-op' ? quiet : action
  if (!shown) return undefined
  const reason = entry.action_reason && (REASONS.get(entry.action_reason) ?? entry.action_reason)
  return {
    address: entry.address,
    action: shown,
    ...(order && { order }),
    ...(reason && { reason }),
    causes: (entry.change.replace_paths ?? []).filter((path) => path.length > 0).map(dotted),
    ...(previousAddress && { previousAddress }),
    ...(importing?.id && { importId: importing.id }),
    ...(entry.deposed && { deposed: entry.deposed }),
    ...(shown === 'unknown' && { rawActions: entry.change.actions ?? [] }),
  }
}

/** `["tags", "a b", 0, "x"]` as Terraform would write it: `tags["a b"][0].x`. */
function dotted(path: readonly (string | number)[]): string {
  const steps = path.map((step, index) => {
    if (typeof step === 'number') return `[${step}]`
    if (!/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(step)) return `[${JSON.stringify(step)}]`
    return index === 0 ? step : `.${step}`
  })
  return steps.join('')
}

/** What changed outside Terraform since the last apply. Entries that are no-ops (a move seen by a refresh) are left out. */
export function driftOf(plan: Plan): Drift[] {
  const entries = (plan.resource_drift ?? []).map((entry) => ({
    address: entry.address,
    action: actionOf(entry.change),
  }))
  return entries
    .flatMap(({ address, action }) => (action === 'no-op' ? [] : [{ address, action }]))
    .sort((a, b) => inOrder.compare(a.address, b.address))
}

/** Names and actions of the outputs that change; never their values. */
export function outputsOf(plan: Plan): OutputChange[] {
  const entries = Object.entries(plan.output_changes ?? {})
  return entries
    .flatMap(([name, change]) => {
      const action = actionOf(change)
      return action === 'no-op' ? [] : [{ name, action, sensitive: isSensitive(change) }]
    })
    .sort((a, b) => inOrder.compare(a.name, b.name))
}

function actionOf(change: Change): PlanAction | 'no-op' {
  return kindOf(change.actions).action
}

function isSensitive(change: Change): boolean {
  return change.before_sensitive === true || change.after_sensitive === true
}
