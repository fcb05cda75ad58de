import type { Redis } from 'ioredis'
import type { AuditEntry, AuditLine, AuditQuery } from '../../core/audit.ts'
import { isAskedFor } from '../../core/audit.ts'
import { deedKinds } from '../../core/break-glass/deeds.ts'
import type { Keys } from '../keys.ts'
import type { Head, Unsealed } from './chain.ts'
import { NOTHING, seal, textOf } from './chain.ts'

/** What is kept waits in a list until it gets its place in the chain. `KEYS[2]`: once, however often it is said. */
const KEEP = `
if KEYS[2] and not redis.call('SET', KEYS[2], '-', 'PX', ARGV[2], 'NX') then return 0 end
return redis.call('RPUSH', KEYS[1], ARGV[1])`

/**
 * The fence: lines are taken only behind the head that their writer saw, together with what they were made of. Of several writers
 * one wins, the others look again. What the site wants shown goes on the outbox in the same step, and so does each line's number
 * to its execution: those of one that is not stored (refused before it was, or forgotten) go by themselves.
 * The lines by which it is known what was done under a break glass are listed for that as well, and its messages drawn anew.
 * ARGV: expected hash, number of entries used up, now, names to show (JSON), prefixes of executions and of their lines, how long numbers
 * of no execution are kept, then seq, text, ids (with spaces between) ... and the hash of the last line.
 */
const APPEND = `
if (redis.call('HGET', KEYS[1], 'hash') or '') ~= ARGV[1] then return 0 end
for index = 8, #ARGV - 1, 3 do
  redis.call('XADD', KEYS[2], ARGV[index] .. '-0', 'line', ARGV[index + 1])
  for id in string.gmatch(ARGV[index + 2], '%S+') do
    redis.call('RPUSH', ARGV[6] .. id, ARGV[index])
    if redis.call('EXISTS', ARGV[5] .. id) == 1 then
      redis.call('PERSIST', ARGV[6] .. id)
    else
      redis.call('PEXPIRE', ARGV[6] .. id, ARGV[7])
    end
  end
end
redis.call('HSET', KEYS[1], 'seq', ARGV[#ARGV - 3], 'hash', ARGV[#ARGV])
redis.call('HSETNX', KEYS[1], 'indexed', ARGV[8])
redis.call('LTRIM', KEYS[3], ARGV[2], -1)
local names = cjson.decode(ARGV[4])
for _, name in ipairs(names) do
  redis.call('ZADD', KEYS[4], 'LT', ARGV[3], name)
  redis.call('HSET', KEYS[4] .. ':wanted', name, redis.call('INCR', KEYS[4] .. ':count'))
end
if #names > 0 then redis.call('PUBLISH', KEYS[5], '{}') end
return 1`

const AT_ONCE = 200
const ONCE_FOR_MS = 24 * 3_600_000
const UNSTORED_FOR_MS = 7 * 24 * 3_600_000

/** Losing to another writer this often in a row is no race any more. */
const MOST_TRIES = 1_000

export type StreamParts = {
  readonly redis: Redis
  readonly keys: Keys
  readonly now: () => number
  readonly mask: (text: string) => string
  /** Kinds that go to the audit channel. */
  readonly show: readonly string[]
}

/** The chain in Redis, which is the source of every file. */
export function createAuditStream({ redis, keys, now, mask, show }: StreamParts) {
  async function read(): Promise<{ head: Head; kept: Unsealed[] }> {
    const [first, second] =
      (await redis
        .multi()
        .hmget(keys.auditHead, 'seq', 'hash')
        .lrange(keys.auditKept, 0, AT_ONCE - 1)
        .exec()) ?? []
    if (!first || !second) throw new Error('Redis answered nothing.')
    const failed = first[0] ?? second[0]
    if (failed) throw failed
    return {
      head: headOf(first[1] as (string | null)[]),
      kept: (second[1] as string[]).map((text) => JSON.parse(text)),
    }
  }

  async function append(head: Head, lines: readonly AuditLine[]): Promise<boolean> {
    const ofGlass = [...new Set(lines.flatMap(({ entry }) => entry.glass?.split(' ') ?? []))]
    const shown = [
      ...lines.filter(({ entry }) => show.includes(entry.kind)).map(({ seq }) => `audit:${seq}`),
      ...ofGlass.map((id) => `glass-lines:${id}`),
    ]
    const hash = lines.at(-1)?.hash ?? ''
    const expected = head.seq === 0 ? '' : head.hash
    const texts = lines.flatMap((line) => [String(line.seq), textOf(line), idsOf(line)])
    const places = [keys.auditHead, keys.audit, keys.auditKept, keys.outbox, keys.feed]
    const taken = await redis.eval(
      APPEND,
      5,
      ...places,
      expected,
      lines.length,
      now(),
      JSON.stringify(shown),
      keys.execution(''),
      keys.auditOf(''),
      UNSTORED_FOR_MS,
      ...texts,
      hash,
    )
    return taken === 1
  }

  return {
    async keep(entry: AuditEntry, once?: string): Promise<void> {
      const text = JSON.stringify({ at: now(), entry } satisfies Unsealed)
      await (once
        ? redis.eval(KEEP, 2, keys.auditKept, keys.seen(`audit:${once}`), text, ONCE_FOR_MS)
        : redis.eval(KEEP, 1, keys.auditKept, text))
    },

    /** Puts everything that is kept into the chain; where the chain stands then. */
    async drain(): Promise<Head> {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const { head, kept } = await read()
        if (kept.length === 0) return head
        const lines = sealed(head, kept, mask)
        const last = lines.at(-1)
        if ((await append(head, lines)) && last && kept.length < AT_ONCE) return { seq: last.seq, hash: last.hash }
      }
      throw new Error(`Other writers of the audit were first ${MOST_TRIES} times in a row.`)
    },
  }
}

/** What its number is listed for. */
function idsOf(line: AuditLine): string {
  const { execution } = line.entry
  return [...(execution ? [execution] : []), ...glassesOf(line).map((id) => `glass-${id}`)].join(' ')
}

function glassesOf({ entry: { kind, glass } }: AuditLine): string[] {
  return glass !== undefined && deedKinds.includes(kind) ? glass.split(' ') : []
}

function sealed(head: Head, kept: readonly Unsealed[], mask: (text: string) => string): AuditLine[] {
  const lines: AuditLine[] = []
  for (const each of kept) lines.push(seal(lines.at(-1) ?? head, each, mask))
  return lines
}

function headOf([seq, hash]: (string | null | undefined)[]): Head {
  return seq && hash ? { seq: Number(seq), hash } : NOTHING
}

export async function readHead(redis: Redis, keys: Keys): Promise<Head> {
  return headOf(await redis.hmget(keys.auditHead, 'seq', 'hash'))
}

export type Text = { readonly seq: number; readonly text: string }

/** Lines that the stream still has, from a number on. */
export async function readTexts(redis: Redis, keys: Keys, from: number, count: number): Promise<Text[]> {
  return textsOf(await redis.xrange(keys.audit, `${Math.max(from, 0)}-0`, '+', 'COUNT', count))
}

export async function lineAt(redis: Redis, keys: Keys, seq: number): Promise<AuditLine | null> {
  const [found] = await readTexts(redis, keys, seq, 1)
  return found?.seq === seq ? (JSON.parse(found.text) as AuditLine) : null
}

/** Lines that fit a query, newest first; `last` is the newest that is looked at. */
export async function findLines(redis: Redis, keys: Keys, query: AuditQuery, last?: number): Promise<AuditLine[]> {
  const found: AuditLine[] = []
  for (let before = last === undefined ? '+' : `${last}-0`; found.length < query.limit; ) {
    const texts = textsOf(await redis.xrevrange(keys.audit, before, '-', 'COUNT', 500))
    const lines = texts.map(({ text }) => JSON.parse(text) as AuditLine)
    found.push(...lines.filter((line) => isAskedFor(line, query)))
    const oldest = texts.at(-1)
    if (!oldest || oldest.seq <= 1 || lines.every(({ at }) => Date.parse(at) < (query.since ?? 0))) break
    before = `${oldest.seq - 1}-0`
  }
  return found.slice(0, query.limit)
}

function textsOf(entries: readonly [string, string[]][]): Text[] {
  return entries.map(([id, fields]) => ({ seq: Number(id.split('-')[0]), text: fields[1] ?? '' }))
}
