import { createReadStream } from 'node:fs'
import type { Redis } from 'ioredis'
import type { Keys } from '../keys.ts'
import { readLine } from './chain.ts'
import type { Place } from './file.ts'
import { readHead, readTexts } from './stream.ts'
import type { Found } from './verify.ts'

const NEWLINE = 10

/** The lines of a file, byte for byte: what is no UTF-8 is given as something that no line is. */
export async function* linesOfFile(path: string): AsyncGenerator<Found> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield { text: textIn(rest.subarray(0, end)), ended: true }
      rest = rest.subarray(end + 1)
    }
  }
  if (rest.length > 0) yield { text: textIn(rest), ended: false }
}

function textIn(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return ''
  }
}

const AT_ONCE = 1_000

/** The lines that Redis still has. */
export async function* linesOfStream(redis: Redis, keys: Keys, from = 0): AsyncGenerator<Found & { seq: number }> {
  for (let at = from; ; ) {
    const texts = await readTexts(redis, keys, at, AT_ONCE)
    for (const { seq, text } of texts) yield { seq, text, ended: true }
    const last = texts.at(-1)
    if (!last) return
    at = last.seq + 1
  }
}

/** What Redis knows: where the chain stands, and the hash of every line that it still has as it was written. */
export async function knownTo(redis: Redis, keys: Keys) {
  const head = await readHead(redis, keys)
  const hashes = new Map<number, string>()
  for await (const { seq, text } of linesOfStream(redis, keys)) {
    const line = seq <= head.seq ? readLine(text) : null
    if (line) hashes.set(seq, line.hash)
  }
  if (head.seq > 0) hashes.set(head.seq, head.hash)
  const [start] = await readTexts(redis, keys, 0, 1)
  return { head, hashes, start: start?.seq ?? head.seq + 1 }
}

/** With which line a file may begin: its own first one, or for a copy what is the first one of any file. */
export async function firstsOf(redis: Redis, keys: Keys, name: string): Promise<number[]> {
  const places = await redis.hgetall(keys.auditFiles)
  const firstIn = (text: string) => (JSON.parse(text) as Place).first
  const own = places[name]
  return own ? [firstIn(own)] : [1, ...Object.values(places).map(firstIn)]
}
