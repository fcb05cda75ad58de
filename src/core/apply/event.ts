import { z } from 'zod'

const resource = z.looseObject({ addr: z.string().min(1) })
const operation = z.looseObject({
  resource,
  action: z.string(),
  elapsed_seconds: z.number().optional().catch(undefined),
})
const count = z.number().optional().catch(undefined)

const schemas = {
  hook: z.looseObject({ hook: operation }),
  step: z.looseObject({ hook: z.looseObject({ resource }) }),
  change: z.looseObject({ change: z.looseObject({ resource, action: z.string() }) }),
  version: z.looseObject({ terraform: z.string().optional(), tofu: z.string().optional() }),
  summary: z.looseObject({
    changes: z.looseObject({ add: count, change: count, remove: count, import: count, operation: z.string() }),
  }),
  diagnostic: z.looseObject({
    diagnostic: z.looseObject({
      severity: z.string(),
      summary: z.string(),
      detail: z.string().optional().catch(undefined),
      address: z.string().optional().catch(undefined),
    }),
  }),
}

export type Diagnostic = {
  severity: 'error' | 'warning'
  summary: string
  address?: string
  /** May repeat the output of a failed command: untrusted, never for the chat unmasked. */
  detail?: string
}

export type ChangeSummary = { operation: string; add: number; change: number; remove: number; import: number }

type Operating = {
  type: 'apply_start' | 'apply_progress' | 'apply_complete' | 'apply_errored'
  action: string
  seconds?: number
}
type Provisioning = { type: 'provision_start' | 'provision_progress' | 'provision_complete' | 'provision_errored' }
type Refreshing = { type: 'refresh_start' | 'refresh_complete' }
type Planning = { type: 'planned_change' | 'resource_drift'; action: string }

/** What is kept of a line of `terraform ... -json`. No values, no outputs, no text of a provisioner, no body of a log line. */
export type StreamEvent = { at?: number } & (
  | ((Operating | Provisioning | Refreshing | Planning) & { address: string })
  | { type: 'version'; version?: string }
  | { type: 'change_summary'; summary: ChangeSummary }
  | { type: 'diagnostic'; diagnostic: Diagnostic }
  | { type: 'interrupted' }
)

/** The only types that are read; whatever Terraform adds later stays unread until it is listed here. */
const READERS: Record<string, (type: string, line: object) => object | undefined> = {
  version: readVersion,
  planned_change: readChange,
  resource_drift: readChange,
  change_summary: readSummary,
  diagnostic: readDiagnostic,
  log: readLog,
  apply_start: readOperation,
  apply_progress: readOperation,
  apply_complete: readOperation,
  apply_errored: readOperation,
  provision_start: readStep,
  provision_progress: readStep,
  provision_complete: readStep,
  provision_errored: readStep,
  refresh_start: readStep,
  refresh_complete: readStep,
}

/** One line of the stream, or undefined for a blank, torn, foreign or unknown one. Never throws. */
export function readEvent(line: string): StreamEvent | undefined {
  const json = parse(line)
  if (!json || !('type' in json) || typeof json.type !== 'string' || !Object.hasOwn(READERS, json.type))
    return undefined
  const event = READERS[json.type]?.(json.type, json)
  if (!event) return undefined
  const at = '@timestamp' in json ? Date.parse(String(json['@timestamp'])) : Number.NaN
  return { ...event, ...(Number.isFinite(at) && { at }) } as StreamEvent
}

function parse(line: string): object | undefined {
  const text = line.trim()
  if (!text.startsWith('{')) return undefined
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    // A torn line: the process was killed while it wrote, or is writing still.
    return undefined
  }
}

function readVersion(type: string, line: object): object | undefined {
  const { data } = schemas.version.safeParse(line)
  const version = data?.terraform ?? data?.tofu
  return data && { type, ...(version && { version }) }
}

function readChange(type: string, line: object): object | undefined {
  const { data } = schemas.change.safeParse(line)
  return data && { type, address: data.change.resource.addr, action: data.change.action }
}

function readOperation(type: string, line: object): object | undefined {
  const { data } = schemas.hook.safeParse(line)
  if (!data) return undefined
  const { resource, action, elapsed_seconds: seconds } = data.hook
  return { type, address: resource.addr, action, ...(seconds !== undefined && { seconds }) }
}

function readStep(type: string, line: object): object | undefined {
  const { data } = schemas.step.safeParse(line)
  return data && { type, address: data.hook.resource.addr }
}

function readSummary(type: string, line: object): object | undefined {
  const { data } = schemas.summary.safeParse(line)
  if (!data) return undefined
  const { operation, add = 0, change = 0, remove = 0, import: imported = 0 } = data.changes
  return { type, summary: { operation, add, change, remove, import: imported } }
}

function readDiagnostic(type: string, line: object): object | undefined {
  const { data } = schemas.diagnostic.safeParse(line)
  if (!data) return undefined
  const { severity, summary, address, detail } = data.diagnostic
  const kept = { severity: severity === 'warning' ? 'warning' : 'error', summary }
  return { type, diagnostic: { ...kept, ...(address && { address }), ...(detail && { detail }) } }
}

/** Of log lines only this one is read: others may hold anything, the whole state included ("Emergency state dump"). */
function readLog(_type: string, line: object): object | undefined {
  const message = '@message' in line && typeof line['@message'] === 'string' ? line['@message'].trim() : ''
  return /^(Interrupt received\.|Two interrupts received\.)/.test(message) ? { type: 'interrupted' } : undefined
}
