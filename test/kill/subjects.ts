import type { Command } from 'ioredis'

/** What a process does, by the name of a step in choices.ts, or of what is written beside the steps. */

const READS = /^(get|hget|hmget|exists|zrevrange|zrange|info|ping|subscribe|client|hello|xrange|xrevrange)$/i

/** What a command of Redis is about, by the key that it writes. */
const KEYS: readonly [RegExp, string][] = [
  [/bull:/, 'queue'],
  [/groundcrew:audit/, 'audit'],
  [/groundcrew:alerts:lease/, 'lease'],
  [/groundcrew:message:[\w-]+:/, 'remember'],
  [/outbox:intents/, 'intend'],
  [/groundcrew:outbox/, 'outbox'],
  [/groundcrew:effects/, 'effects'],
  [/groundcrew:artifact/, 'artifact'],
  [/groundcrew:seen/, 'seen'],
]

/** None for what only reads. A change of the store may be several steps at once: how an apply ended, and its lock given back. */
export function subjectsOf({ name, args }: Pick<Command, 'name' | 'args'>): string[] {
  if (READS.test(name)) return []
  // A script's own text says nothing: only its keys and arguments do.
  const words = (/^eval/i.test(name) ? args.slice(1) : args).map((word) => (Buffer.isBuffer(word) ? '' : String(word)))
  const change = words.find((word) => word.startsWith('{') && word.includes('"records":'))
  if (change) return stepsOf(change)
  const text = words.map((word) => word.slice(0, 4000)).join(' ')
  const found = KEYS.find(([pattern]) => pattern.test(text))?.[1]
  if (found === 'artifact' && !/^set$/i.test(name)) return ['discard']
  return found ? [found] : []
}

/** What people do about alerts. */
const DEEDS = ['acknowledged', 'silenced', 'unsilenced']

type Stored = { readonly audit?: string[]; readonly fence?: object; readonly records?: { readonly expect: string }[] }
type Entry = { readonly kind: string; readonly stage?: string }

/** The audit entries that are stored in the same step say what it is. */
function stepsOf(change: string): string[] {
  const { audit = [], fence, records = [] } = JSON.parse(change) as Stored
  // Only whoever evaluates the alerts stores by a fence; `opened`: a group that is new.
  if (fence) return records.some(({ expect }) => expect === '0') ? ['evaluation', 'opened'] : ['evaluation']
  const steps = (Array.isArray(audit) ? audit : []).flatMap((text) => {
    const { kind, stage } = (JSON.parse(text) as { entry: Entry }).entry
    const apply = stage === 'terraform.apply'
    if (kind === 'stored') return ['request']
    if (kind === 'judged') return ['judged']
    if (kind === 'started') return apply ? ['taken'] : []
    if (kind === 'ended') return apply ? ['outcome'] : ['planned']
    if (kind === 'unlocked') return ['release']
    if (DEEDS.includes(kind)) return ['deed']
    return kind === 'chosen' || kind === 'left' ? ['choice'] : []
  })
  return ['commit', ...steps]
}

/** Of a durable process the program's own first argument: the wrapper is given directory, ticket, working directory, program. */
export function programOf(args: readonly string[]): { name: string; durable: boolean } {
  const wrapper = args.indexOf('groundcrew-run')
  if (wrapper < 0) return { name: args[1] === 'plan' ? 'look' : (args[1] ?? 'command'), durable: false }
  return { name: args[wrapper + 5] ?? 'process', durable: true }
}

const METHODS: Readonly<Record<string, string>> = {
  'chat.postMessage': 'post',
  'chat.update': 'edit',
  'chat.delete': 'delete',
  'conversations.history': 'history',
  'conversations.replies': 'history',
  'files.completeUploadExternal': 'upload',
}

/** A call of Slack's Web API; null for what shows nothing to anybody. */
export function callOf(method: string, body: unknown): string | null {
  const subject = METHODS[method] ?? null
  const text = typeof body === 'string' || body instanceof URLSearchParams ? decodeURIComponent(String(body)) : ''
  return subject === 'post' && text.includes('"block_id":"closing-') ? 'closing' : subject
}
