import type { Redis } from 'ioredis'
import type { AuditLine } from '../../core/audit.ts'
import type { Keys } from '../keys.ts'
import type { Place } from './file.ts'
import { linesInFile } from './lookup.ts'
import { findLines, lineAt } from './stream.ts'

/** `gone`: numbers of lines that Redis has no more, nor a file of this machine; `files` (`host:path`) have some of them. */
export type History = {
  readonly lines: readonly AuditLine[]
  readonly gone: readonly number[]
  readonly files: readonly string[]
}

/** Of which execution, created when (milliseconds since 1970), and how many lines at most: the newest. */
export type About = { readonly execution: string; readonly since: number; readonly limit: number }

type Parts = { readonly redis: Redis; readonly keys: Keys; readonly file?: string | undefined }

/**
 * Everything that is recorded of one execution, oldest first. By the numbers of its lines, so that it costs what it gives, however
 * much was recorded since; what the stream no longer has is looked up in the file of this machine.
 */
export async function linesAbout({ redis, keys, file }: Parts, about: About): Promise<History> {
  const { execution, limit } = about
  const seqs = (await redis.lrange(keys.auditOf(execution), -limit, -1)).map(Number)
  const inStream = (await Promise.all(seqs.map((seq) => lineAt(redis, keys, seq)))).filter((line) => line !== null)
  const missing = without(seqs, inStream)
  const inFile = file && missing.length > 0 ? await linesInFile(file, missing) : []
  const gone = without(missing, inFile)
  const older = await unindexed(redis, keys, { ...about, limit: limit - seqs.length })
  return {
    lines: [...older, ...inFile, ...inStream].sort((one, other) => one.seq - other.seq),
    gone,
    files: gone.length > 0 ? await filesWith(redis, keys, gone) : [],
  }
}

/** Lines that were written before their numbers were kept. */
async function unindexed(redis: Redis, keys: Keys, about: About): Promise<AuditLine[]> {
  const first = Number((await redis.hget(keys.auditHead, 'indexed')) ?? 0)
  if (first === 1 || about.limit <= 0) return []
  if (first === 0) return findLines(redis, keys, about)
  const line = await lineAt(redis, keys, first)
  const later = !line || Date.parse(line.at) < about.since
  return later ? [] : findLines(redis, keys, about, first - 1)
}

async function filesWith(redis: Redis, keys: Keys, seqs: readonly number[]): Promise<string[]> {
  const places = Object.entries(await redis.hgetall(keys.auditFiles))
  const has = ({ first, seq: last }: Place) => seqs.some((seq) => seq >= first && seq <= last)
  return places.filter(([, text]) => has(JSON.parse(text) as Place)).map(([name]) => name)
}

function without(seqs: readonly number[], lines: readonly AuditLine[]): number[] {
  const there = new Set(lines.map(({ seq }) => seq))
  return seqs.filter((seq) => !there.has(seq))
}
