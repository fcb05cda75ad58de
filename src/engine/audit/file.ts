import type { FileHandle } from 'node:fs/promises'
import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Redis } from 'ioredis'
import type { AuditEntry } from '../../core/audit.ts'
import type { Keys } from '../keys.ts'
import type { Head } from './chain.ts'
import { exclusively } from './lock.ts'
import type { Text } from './stream.ts'
import { readTexts } from './stream.ts'
import type { Tail } from './tail.ts'
import { firstOf, tailOf } from './tail.ts'
import { AuditUnavailable } from './unavailable.ts'

type Here = { readonly handle: FileHandle; readonly tail: Tail; readonly head: Head }

/** What Redis keeps of a file: the first line in it, and the last one that was written for certain. */
export type Place = { readonly first: number; readonly seq: number; readonly hash: string; readonly at: number }

export type FileParts = {
  readonly redis: Redis
  readonly keys: Keys
  readonly now: () => number
  readonly host: string
  /** How many lines the stream keeps at least. */
  readonly kept?: number | undefined
  /** Records that somebody else changed the file. */
  readonly keep: (entry: AuditEntry, once: string) => Promise<void>
}

/** The stream keeps this many lines at least. What every file has may go beyond that; without a file nothing ever goes. */
const KEPT = 100_000
const TRIM_EVERY = 100
/** A file that nobody has written for so long holds the stream no more. */
const GIVEN_UP_AFTER_MS = 30 * 24 * 3_600_000
const AT_ONCE = 1_000
const LOST = 'lines that Redis had are gone from it. So nothing was done. Tell the people who run this bot.'
const NEWLINE = Buffer.from('\n')

/**
 * The chain as a file of this machine: it follows the stream line by line and only ever appends. Who died between Redis and the
 * file, or in the middle of a line, left nothing behind that the next one does not complete.
 */
export function createAuditFile(parts: FileParts, path: string) {
  const { redis, keys } = parts
  const file = resolve(path)
  const name = `${parts.host}:${file}`
  let reached = -1

  /** Everything up to the head is in the file, and the file is synced. */
  async function catchUp(head: Head): Promise<void> {
    if (head.seq <= reached) return
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    reached = await exclusively(`${file}.lock`, async () => {
      await using handle = await open(file, 'a+', 0o600)
      return await follow(handle, head)
    })
  }

  async function follow(handle: FileHandle, head: Head): Promise<number> {
    const text = await redis.hget(keys.auditFiles, name)
    const before = text ? (JSON.parse(text) as Place) : null
    const tail = await tailOf(handle)
    let place = await startingPlace({ handle, tail, head }, before)
    let { torn } = tail
    if (!before) await remember(place)
    for (;;) {
      const texts = await readTexts(redis, keys, place.seq + 1, AT_ONCE)
      const last = texts.at(-1)
      if (!last) break
      await handle.appendFile(bytesOf(texts, torn))
      await handle.datasync()
      torn = Buffer.alloc(0)
      const every = Math.floor(last.seq / TRIM_EVERY) !== Math.floor(place.seq / TRIM_EVERY)
      place = await remember({ ...place, seq: last.seq, hash: hashIn(last) })
      if (every) await trim(parts)
    }
    if (place.seq < head.seq) throw new AuditUnavailable(`The audit cannot be written on ${parts.host}: ${LOST}`)
    return place.seq
  }

  async function remember(place: Place): Promise<Place> {
    const now = { ...place, at: parts.now() }
    await redis.hset(keys.auditFiles, name, JSON.stringify(now))
    return now
  }

  /** The last line that counts as written, from what Redis remembers of the file and what the file says itself. */
  async function startingPlace({ handle, tail, head }: Here, before: Place | null): Promise<Place> {
    if (before) return (await continued(before, tail)) ?? damaged(before, tail)
    if (tail.empty) {
      const [first] = await readTexts(redis, keys, 0, 1)
      return placeBefore(first?.seq ?? 1, parts.now())
    }
    const known = tail.line && (await isInStream(tail.line))
    const first = await firstOf(handle)
    if (known && tail.line && first)
      return { first: first.seq, seq: tail.line.seq, hash: tail.line.hash, at: parts.now() }
    const stands = head.seq === 0 ? 'holds nothing yet' : `stands at line ${head.seq}`
    throw new AuditUnavailable(
      `The audit cannot be written on ${parts.host}: its file ends with a line that Redis, whose audit ${stands}, does not know. So nothing was done. Is it the file of another Redis? Move it away, and a new one is begun.`,
    )
  }

  /** A writer that died before it could remember how far it came wrote lines that the stream knows. */
  async function continued(before: Place, { line, whole }: Tail): Promise<Place | null> {
    if (!whole && before.seq < before.first) return before
    if (!line || line.seq < before.seq) return null
    const same = line.seq === before.seq ? line.hash === before.hash : await isInStream(line)
    return same ? { ...before, seq: line.seq, hash: line.hash } : null
  }

  async function isInStream({ seq, hash }: Head): Promise<boolean> {
    const [found] = await readTexts(redis, keys, seq, 1)
    return found?.seq === seq && hashIn(found) === hash
  }

  /** It is recorded and the rest goes on behind it: what is missing stays missing, for `audit verify` to find. */
  async function damaged(before: Place, { line, empty }: Tail): Promise<Place> {
    const ends = empty
      ? 'is empty or was deleted'
      : line
        ? `ends with line ${line.seq}`
        : 'ends with no line of the audit'
    const why = `The audit file ${file} on ${parts.host} ${ends}, and line ${before.seq} was its last: somebody else changed it.`
    await parts.keep({ kind: 'damaged', who: `host:${parts.host}`, why }, `damaged:${name}:${before.seq}:${line?.seq}`)
    if (!empty) return before
    const [first] = await readTexts(redis, keys, 0, 1)
    return { ...before, seq: (first?.seq ?? 1) - 1 }
  }

  return { catchUp }
}

export type AuditFile = ReturnType<typeof createAuditFile>

function placeBefore(first: number, at: number): Place {
  return { first, seq: first - 1, hash: '', at }
}

function hashIn({ text }: Text): string {
  return (JSON.parse(text) as Head).hash
}

/** Half a line that a dying writer left is completed; anything else that stands there gets an end of its own. */
function bytesOf(texts: readonly Text[], torn: Buffer): Buffer {
  const bytes = Buffer.from(texts.map(({ text }) => `${text}\n`).join(''))
  if (torn.length === 0) return bytes
  const begun = bytes.subarray(0, torn.length).equals(torn)
  return begun ? bytes.subarray(torn.length) : Buffer.concat([NEWLINE, bytes])
}

/** Lines leave the stream by its length, and only when every file that is still written has them. */
async function trim({ redis, keys, now, kept = KEPT }: FileParts): Promise<void> {
  const places = Object.values(await redis.hgetall(keys.auditFiles)).map((text) => JSON.parse(text) as Place)
  const living = places.filter(({ at }) => now() - at < GIVEN_UP_AFTER_MS)
  const everywhere = Math.min(...living.map(({ seq }) => seq))
  const head = Number((await redis.hget(keys.auditHead, 'seq')) ?? 0)
  const keepFrom = Math.min(head - kept, everywhere) + 1
  if (keepFrom > 1) await redis.xtrim(keys.audit, 'MINID', `${keepFrom}-0`)
}
