import type { Redis } from 'ioredis'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Keys } from './keys.ts'

/** Which log: what one start of a stage says. */
export type LogName = { readonly execution: string; readonly stage: string; readonly attempt: number }

/** So much of a running log is kept; all of it is a file at the end. In bytes of text, and in pieces. */
const MOST_BYTES = 8 * 1024 * 1024
const MOST_PIECES = 20_000
/** A piece holds so much at most, so that a reader gets the first of it soon. */
const PIECE_CHARACTERS = 16 * 1024
const LINE_CHARACTERS = 16 * 1024
/** What waits to be sent while Redis is slow or away; the oldest of it goes first. */
const MOST_PENDING_LINES = 50_000
const MOST_PENDING_CHARACTERS = 32 * 1024 * 1024
const FLUSH_AFTER_MS = 100
/** As long as artifacts, whatever becomes of the execution. */
const KEPT_FOR_S = 7 * 24 * 3600

type Mask = (text: string) => string
type Line = { readonly text: string; readonly mask: Mask }

type Writing = {
  pending: Line[]
  /** Characters of them. */
  waiting: number
  /** Number of the next line, from 1; what was dropped leaves a gap. */
  next: number
  begun: boolean
  sizes: { id: string; bytes: number }[]
  timer: NodeJS.Timeout | null
  flushing: Promise<void>
}

export type LiveLog = {
  /** Takes a line as the program said it. It is masked, together with those that came with it, before it leaves this process. */
  add(name: LogName, line: string, mask: Mask): void
  /** Sends what waits: after it the log is complete. Losing it loses nothing but the view, so that it never throws. */
  end(name: LogName): Promise<void>
}

/** The logs of what runs here, as bounded streams in Redis, for people to look at meanwhile. */
export function createLiveLog(redis: Redis, keys: Keys, log: Log): LiveLog {
  const writings = new Map<string, Writing>()
  const keyOf = ({ execution, stage, attempt }: LogName) => keys.log(execution, stage, attempt)

  function flush(key: string, writing: Writing): Promise<void> {
    if (writing.timer) clearTimeout(writing.timer)
    writing.timer = null
    writing.flushing = writing.flushing
      .then(() => sendAll(redis, key, writing))
      .catch((error: unknown) => log.debug({ error: messageOf(error) }, 'live log not stored'))
    return writing.flushing
  }

  return {
    add(name, line, mask) {
      const key = keyOf(name)
      const writing = writings.get(key) ?? newWriting()
      writings.set(key, writing)
      writing.pending.push({ text: line, mask })
      writing.waiting += line.length
      if (writing.pending.length > MOST_PENDING_LINES || writing.waiting > MOST_PENDING_CHARACTERS) dropOldest(writing)
      writing.timer ??= setTimeout(() => void flush(key, writing), FLUSH_AFTER_MS)
    },
    async end(name) {
      const key = keyOf(name)
      const writing = writings.get(key)
      if (!writing) return
      await flush(key, writing)
      writings.delete(key)
    },
  }
}

function newWriting(): Writing {
  return { pending: [], waiting: 0, next: 1, begun: false, sizes: [], timer: null, flushing: Promise.resolve() }
}

/** Half of what may wait stays, and the newest line however long it is. */
function dropOldest(writing: Writing): void {
  const { pending } = writing
  let dropped = 0
  while (
    dropped < pending.length - 1 &&
    (pending.length - dropped > MOST_PENDING_LINES / 2 || writing.waiting > MOST_PENDING_CHARACTERS / 2)
  )
    writing.waiting -= pending[dropped++]?.text.length ?? 0
  pending.splice(0, dropped)
  writing.next += dropped
}

async function sendAll(redis: Redis, key: string, writing: Writing): Promise<void> {
  const lines = writing.pending.splice(0)
  writing.waiting = 0
  if (lines.length === 0) return
  // Whoever takes a stage over reads its output from the first line again.
  if (!writing.begun) await redis.del(key)
  writing.begun = true
  const pieces = piecesOf(masked(lines))
  const sent = redis.pipeline()
  for (const piece of pieces) {
    sent.xadd(key, 'MAXLEN', '~', MOST_PIECES, '*', 'n', writing.next, 't', piece.join('\n'))
    writing.next += piece.length
  }
  sent.expire(key, KEPT_FOR_S)
  const answers = (await sent.exec()) ?? []
  for (const [at, piece] of pieces.entries()) {
    const id = answers[at]?.[1]
    if (typeof id === 'string') writing.sizes.push({ id, bytes: Buffer.byteLength(piece.join('\n')) })
  }
  await trim(redis, key, writing)
}

/** Lines of one mask are masked together: a secret of several lines stands in none of them alone. */
function masked(lines: readonly Line[]): string[] {
  const texts: string[] = []
  for (let from = 0; from < lines.length; ) {
    const mask = lines[from]?.mask
    let to = from
    while (to < lines.length && lines[to]?.mask === mask) to++
    const text = lines.slice(from, to).map((line) => line.text)
    texts.push(...(mask?.(text.join('\n')) ?? '').split('\n'))
    from = to
  }
  return texts.map((text) => (text.length > LINE_CHARACTERS ? `${text.slice(0, LINE_CHARACTERS)}…` : text))
}

function piecesOf(lines: readonly string[]): string[][] {
  const pieces: string[][] = []
  let length = 0
  for (const line of lines) {
    const last = pieces.at(-1)
    if (last && length + line.length < PIECE_CHARACTERS) last.push(line)
    else pieces.push([line])
    length = pieces.at(-1) === last ? length + line.length + 1 : line.length
  }
  return pieces
}

async function trim(redis: Redis, key: string, writing: Writing): Promise<void> {
  let bytes = writing.sizes.reduce((sum, piece) => sum + piece.bytes, 0)
  let dropped = 0
  while (bytes > MOST_BYTES && dropped < writing.sizes.length - 1) bytes -= writing.sizes[dropped++]?.bytes ?? 0
  const first = writing.sizes[dropped]
  if (dropped === 0 || !first) return
  writing.sizes.splice(0, dropped)
  await redis.xtrim(key, 'MINID', first.id)
}

/** A piece of a log: `from` is the number of its first line. `id` finds what comes after it. */
export type LogPiece = { readonly id: string; readonly from: number; readonly text: string }

/** What comes after a piece (`0` for all there is), a bounded part of it at once. */
export async function readLog(
  { redis, keys }: { redis: Redis; keys: Keys },
  { execution, stage, attempt }: LogName,
  after: string,
): Promise<LogPiece[]> {
  const entries = await redis.xrange(keys.log(execution, stage, attempt), `(${after}`, '+', 'COUNT', 64)
  return entries.map(([id, fields]) => {
    const field = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
    return { id, from: Number(field('n')), text: field('t') }
  })
}
