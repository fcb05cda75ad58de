import type { PlanAction, PlanChange, ReplaceOrder } from './changes.ts'
import type { PlanSummary } from './summary.ts'

const DONE: Record<PlanAction, string> = {
  create: 'created',
  update: 'changed in place',
  delete: 'destroyed',
  replace: 'replaced',
  forget: 'dropped from state (keeps running)',
  move: 'moved',
  import: 'imported',
  read: 'read during apply',
  unknown: 'unknown action',
}

const ORDERS: Record<ReplaceOrder, string> = {
  'destroy first': 'destroyed first',
  'create first': 'created first',
  'old one kept': 'the old one keeps running outside Terraform',
}

const RISKY: readonly PlanAction[] = ['unknown', 'delete', 'replace', 'forget']

/** The plan in one line of plain text that is right even where nothing else of the message is seen. */
export function headline(summary: PlanSummary): string {
  if (summary.errored) return 'The plan failed; nothing can be applied.'
  return `${[whatChanges(summary), ...remarks(summary)].join('; ')}.`
}

function whatChanges(summary: PlanSummary): string {
  const { add, change, destroy, move, read, outputs } = summary
  const resources = add + change + destroy > 0
  const quiet = quietParts(summary)
  if (resources) {
    const outputPart = outputs > 0 ? [`${count(outputs, 'output')} ${outputs === 1 ? 'changes' : 'change'}`] : []
    return [
      `${add} to add, ${change} to change, ${destroy} to destroy${replaced(summary)}`,
      ...quiet,
      ...outputPart,
    ].join(', ')
  }
  if (quiet.length === 0 && outputs > 0) return `Only outputs change (${outputs})`
  if (quiet.length === 0) return nothing(summary)
  const outputPart = outputs > 0 ? [`outputs change (${outputs})`] : []
  const harmless =
    summary.forget + summary.unknown.length + summary.invocations === 0 && move + summary.import + read > 0
  return [...quiet, ...outputPart, ...(harmless ? ['nothing created or destroyed'] : [])].join(', ')
}

function nothing({ needsApply, drift }: PlanSummary): string {
  if (!needsApply) return 'Nothing to do'
  return drift > 0
    ? 'Only the state is brought up to date'
    : 'Nothing to create, change or destroy, but the state is updated'
}

/** Everything that Terraform's own three numbers do not show. */
function quietParts(summary: PlanSummary): string[] {
  const { unknown, forget, move, read, invocations } = summary
  const kept = summary.changes.filter(({ order }) => order === 'old one kept').length
  const parts: [number, string][] = [
    [unknown.length, `${count(unknown.length, 'unknown action')} (${[...new Set(unknown)].join('; ')})`],
    [forget - kept, `${forget - kept} dropped from state (keeps running)`],
    [summary.import, `${summary.import} to import`],
    [move, `${move} moved`],
    [read, `${count(read, 'data source')} read during apply`],
    [invocations, `${count(invocations, 'provider action')} invoked`],
  ]
  return parts.filter(([times]) => times > 0).map(([, words]) => words)
}

/** ` (3 replaced: 2 destroyed first, 1 created first)`; the numbers only where the orders differ. */
function replaced({ replace, changes }: PlanSummary): string {
  if (replace === 0) return ''
  const orders = Object.entries(ORDERS).flatMap(([order, words]) => {
    const times = changes.filter((change) => change.order === order).length
    return times > 0 ? [{ times, words }] : []
  })
  const mixed = orders.length > 1
  const words = orders.map((order) => (mixed ? `${order.times} ${order.words}` : order.words)).join(', ')
  return ` (${replace} replaced${words && `: ${words}`})`
}

function remarks(summary: PlanSummary): string[] {
  const { drift, deposed, deferred, complete, needsApply, changes } = summary
  const parts = [
    deposed > 0 &&
      `${count(deposed, 'left-over copy', 'left-over copies')} of an earlier replacement (deposed) among them`,
    drift > 0 && `${count(drift, 'object')} changed outside Terraform`,
    deferred > 0 && `${count(deferred, 'change')} put off to a later plan`,
    deferred === 0 && !complete && 'the plan covers only a part, another one is needed after it',
    !needsApply && changes.length > 0 && 'Terraform says that this plan cannot be applied',
  ]
  return parts.filter((part) => part !== false)
}

/** One change on one line, as it stands after an apply: `terraform_data.x[0]: replaced, destroyed first, because triggers_replace changed`. */
export function describeChange(change: PlanChange): string {
  return describe(change, '')
}

/** The same before it: `terraform_data.x[0]: will be replaced, destroyed first, ...`. */
export function describePlanned(change: PlanChange): string {
  return describe(change, change.action === 'unknown' ? '' : 'will be ')
}

function describe(change: PlanChange, tense: '' | 'will be '): string {
  const { action, order, previousAddress, importId, deposed } = change
  const parts = [
    `${tense}${whatHappens(change)}`,
    order && ORDERS[order],
    because(change),
    action !== 'move' && previousAddress && `moved from ${previousAddress}`,
    action !== 'import' && importId && `imported as ${importId}`,
  ]
  const left = deposed ? ` (left-over copy ${deposed})` : ''
  return `${change.address}${left}: ${parts.filter(Boolean).join(', ')}`
}

function whatHappens({ action, previousAddress, importId, rawActions }: PlanChange): string {
  if (action === 'unknown') return `unknown action [${(rawActions ?? []).join(', ')}], treated as dangerous`
  if (action === 'move') return `moved from ${previousAddress}`
  if (action === 'import' && importId) return `imported as ${importId}`
  return DONE[action]
}

function because({ action, reason, causes }: PlanChange): string | undefined {
  const changed = causes.length > 0 ? `${causes.join(', ')} changed` : undefined
  const cannotUpdate = action === 'replace' && reason === 'it cannot be changed in place'
  const words = [cannotUpdate && changed ? undefined : reason, changed].filter(Boolean).join(' and ')
  return words ? `because ${words}` : undefined
}

/** Whether people should look at this one before they approve. */
export function isRisky(change: PlanChange): boolean {
  return RISKY.includes(change.action)
}

/** One line for each change that destroys, replaces, drops or is not understood, riskiest first. */
export function riskLines(summary: PlanSummary): string[] {
  return summary.changes.filter(isRisky).map(describePlanned)
}

function count(times: number, one: string, many = `${one}s`): string {
  return `${times} ${times === 1 ? one : many}`
}
