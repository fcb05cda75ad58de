import type { Drift, PlanAction } from './changes.ts'
import { driftOf, outputsOf } from './changes.ts'
import type { Change, Plan } from './schema.ts'

/** One attribute that moved: its values as JSON, shortened; null where Terraform marks it as secret. */
export type Moved = { readonly name: string; readonly from: string | null; readonly to: string | null }
export type DriftDetail = Drift & { readonly attributes: readonly Moved[] }

/** Everything that a refresh found otherwise than the state says: resources with their attributes, then outputs by name. */
export type Drifted = {
  readonly resources: readonly DriftDetail[]
  readonly outputs: readonly { readonly name: string; readonly action: PlanAction }[]
}

const MOST_VALUE = 60
const MOST_ATTRIBUTES = 6
const MOST_LINES = 30

export function driftIn(plan: Plan): Drifted {
  const byAddress = new Map((plan.resource_drift ?? []).map(({ address, change }) => [address, change]))
  const resources = driftOf(plan).map((drift) => ({ ...drift, attributes: movedIn(byAddress.get(drift.address)) }))
  return { resources, outputs: outputsOf(plan).map(({ name, action }) => ({ name, action })) }
}

function movedIn(change: Change | undefined): Moved[] {
  const [before, after] = [object(change?.before), object(change?.after)]
  const marks = [object(change?.before_sensitive), object(change?.after_sensitive)]
  const all = change?.before_sensitive === true || change?.after_sensitive === true
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name) => {
    const [from, to] = [JSON.stringify(before[name]), JSON.stringify(after[name])]
    if (from === to) return []
    const secret = all || marks.some((mark) => isMarked(mark[name]))
    return [{ name, from: secret ? null : (from ?? 'nothing'), to: secret ? null : (to ?? 'nothing') }]
  })
}

/** What moved, a line each, for a stage's output. */
export function driftWords(drifted: Drifted, mask: (text: string) => string) {
  const lines = [
    ...drifted.resources.map(resourceLine),
    ...drifted.outputs.map(({ name }) => `output ${name}: its value is another one now`),
  ].map(mask)
  const count = drifted.resources.length + drifted.outputs.length
  const headline =
    count === 0
      ? 'Nothing moved: what is there is what the state says.'
      : `${count} ${count === 1 ? 'thing' : 'things'} moved outside of Terraform.`
  return { headline, moved: lines.slice(0, MOST_LINES), movedMore: Math.max(0, lines.length - MOST_LINES), drift: [] }
}

function resourceLine({ address, action, attributes }: DriftDetail): string {
  if (action === 'delete') return `${address}: gone`
  if (attributes.length === 0) return `${address}: ${action === 'update' ? 'changed' : action}`
  const shown = attributes.slice(0, MOST_ATTRIBUTES).map(movedText)
  const left = attributes.length - shown.length
  return `${address}: ${shown.join(', ')}${left > 0 ? `, and ${left} more` : ''}`
}

function movedText({ name, from, to }: Moved): string {
  return from === null || to === null ? `${name} (secret) changed` : `${name} ${short(from)} → ${short(to)}`
}

function short(text: string): string {
  return text.length > MOST_VALUE ? `${text.slice(0, MOST_VALUE - 1)}…` : text
}

/** A mark may hide a part of a value only; then none of it is shown. */
function isMarked(mark: unknown): boolean {
  if (mark === true) return true
  return typeof mark === 'object' && mark !== null && Object.values(mark).some(isMarked)
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
