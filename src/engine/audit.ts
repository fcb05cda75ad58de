import type { Redis } from 'ioredis'
import type { AuditEntry, AuditKind, AuditLine, AuditQuery } from '../core/audit.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { About, History } from './audit/about.ts'
import { linesAbout } from './audit/about.ts'
import type { AuditFile } from './audit/file.ts'
import { createAuditFile } from './audit/file.ts'
import { createAuditStream, findLines, lineAt } from './audit/stream.ts'
import { unavailable } from './audit/unavailable.ts'
import { GlassOver } from './break-glass/held.ts'
import type { Keys } from './keys.ts'
import { TooLate } from './late.ts'

export type { AuditEntry } from '../core/audit.ts'

/** Who records, and how sure he has to be before he goes on. `once`: recorded once under this key, however often it is said. */
export type Audit = {
  /** Recorded for good when it resolves: in the chain, and in the file of this machine. Throws `AuditUnavailable`. */
  write(entry: AuditEntry, once?: string): Promise<void>
  /** In Redis for good, and soon in the chain. For what has happened already: a full disk must not keep it from being stored. */
  keep(entry: AuditEntry, once?: string): Promise<void>
  /** The same for what is refused anyway: where it cannot be kept, the log has it. */
  note(entry: AuditEntry, once?: string): Promise<void>
  /** Everything that was kept before is now in the chain and in the file. Throws `AuditUnavailable`. */
  flush(): Promise<void>
  line(seq: number): Promise<AuditLine | null>
  /** Newest first. */
  find(query: AuditQuery): Promise<AuditLine[]>
  /** What is recorded of one execution. */
  about(about: About): Promise<History>
  stop(): Promise<void>
}

export type AuditParts = {
  readonly redis: Redis
  readonly keys: Keys
  readonly now: () => number
  readonly log: Log
  readonly host: string
  /** Hides every secret that this process knows. */
  readonly mask: (text: string) => string
  /** Kinds that go to the audit channel. */
  readonly show: readonly AuditKind[]
  /** How many lines the stream keeps at least, by default 100,000. */
  readonly kept?: number
  /** Where this machine keeps the chain as a file; without it Redis alone has it, and keeps all of it. */
  readonly file?: string | undefined
}

/** A request before anything is done about it: what cannot be recorded is not done, and that is recorded where it can be. */
export async function writeAsked(audit: Audit, entry: AuditEntry, request: string): Promise<void> {
  await audit.write(entry, `asked:${request}`).catch(async (error: unknown) => {
    await audit.note({ ...entry, kind: 'refused', why: messageOf(error) }, `refused:${request}`)
    throw error
  })
}

/** What came too late is recorded as refused: the audit never says only that it was asked. */
export async function recordLate<T>(
  audit: Audit,
  entry: Omit<AuditEntry, 'kind'>,
  request: string,
  work: () => Promise<T>,
) {
  return work().catch(async (error: unknown): Promise<T> => {
    if (error instanceof TooLate || error instanceof GlassOver)
      await audit.note({ ...entry, kind: 'refused', why: error.message }, `refused:${request}`)
    throw error
  })
}

const FLUSH_EVERY_MS = 1_000
const COMPLAIN_EVERY_MS = 30_000

/**
 * The audit: a chain of lines, each with the hash of the one before. It lies in a Redis stream, which is the source, and in a file
 * of JSON lines on every machine that wants one. Nobody changes or removes an entry. The stream keeps at least the last 100,000
 * lines, and all that some file does not have yet; where no machine has a file it is never trimmed.
 */
export function createAudit(parts: AuditParts): Audit {
  const { redis, keys, log, host } = parts
  const stream = createAuditStream(parts)
  const keep = (entry: AuditEntry, once?: string) =>
    stream.keep(entry, once).catch((cause: unknown) => {
      throw unavailable(cause, host)
    })
  const file = parts.file ? createAuditFile({ ...parts, keep }, parts.file) : null
  const complain = complaining(log)
  const flush = followed(() => flushOnce(stream, file, host))
  // It keeps no process alive: what it would have written is kept in Redis for the next.
  const timer = setInterval(() => void flush().catch(complain), FLUSH_EVERY_MS).unref()

  return {
    keep,
    flush,
    async write(entry, once) {
      await keep(entry, once)
      await flush()
    },
    async note(entry, once) {
      await keep(entry, once).catch((error) =>
        log.error({ kind: entry.kind, who: entry.who, error: messageOf(error) }, 'audit entry lost'),
      )
    },
    line: (seq) => lineAt(redis, keys, seq),
    find: (query) => findLines(redis, keys, query),
    about: (about) => linesAbout(parts, about),
    async stop() {
      clearInterval(timer)
      await flush().catch(complain)
    },
  }
}

async function flushOnce(stream: ReturnType<typeof createAuditStream>, file: AuditFile | null, host: string) {
  try {
    const head = await stream.drain()
    await file?.catchUp(head)
  } catch (cause) {
    throw unavailable(cause, host)
  }
}

/** One at a time: whoever comes while one is at work shares the next, which sees what he has kept. */
function followed(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  let queued: Promise<void> | null = null
  return () => {
    if (queued) return queued
    queued = last
      .catch(() => {})
      .then(() => {
        queued = null
        return work()
      })
    last = queued
    return queued
  }
}

/** The same trouble is told once in a while, and not every second. */
function complaining(log: Log) {
  let said = { text: '', at: 0 }
  return (error: unknown) => {
    const text = messageOf(error)
    if (text === said.text && Date.now() - said.at < COMPLAIN_EVERY_MS) return
    said = { text, at: Date.now() }
    log.error({ error: text, cause: messageOf((error as Error).cause) }, 'audit not written')
  }
}
