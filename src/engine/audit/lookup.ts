import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { AuditLine } from '../../core/audit.ts'
import { readLine } from './chain.ts'
import { bytesOf } from './tail.ts'

const NEWLINE = 10
const STEP = 8 * 1024

/**
 * Lines of an audit file by their numbers, as far as it has them, unchanged. They stand in their order, so that each is found by
 * halving and no more is read of a large file than that takes. Without the file: none.
 */
export async function linesInFile(path: string, seqs: readonly number[]): Promise<AuditLine[]> {
  const opened = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (!opened) return []
  await using handle = opened
  const { size } = await handle.stat()
  const found: AuditLine[] = []
  for (const seq of seqs) {
    const line = await lineWith(handle, size, seq)
    if (line) found.push(line)
  }
  return found
}

async function lineWith(handle: FileHandle, size: number, seq: number): Promise<AuditLine | null> {
  // Of all lines that begin from `low` on and before `high`.
  let [low, high] = [0, size]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const next = await nextLine(handle, { from: middle, to: high })
    if (!next || next.line.seq > seq) high = middle
    else if (next.line.seq === seq) return next.line
    else low = next.end
  }
  return null
}

/** The first line that begins in a range and can be read. What somebody put between is passed over. */
async function nextLine(handle: FileHandle, { from, to }: { from: number; to: number }) {
  let start = from === 0 ? 0 : await afterNewline(handle, from - 1)
  while (start < to) {
    const end = await afterNewline(handle, start)
    if (end === Number.POSITIVE_INFINITY) return null
    const text = await bytesOf(handle, start, end - 1 - start)
    const line = readLine(text.toString())
    if (line) return { line, end }
    start = end
  }
  return null
}

/** Where the line after the next line end begins; infinity where there is none. */
async function afterNewline(handle: FileHandle, from: number): Promise<number> {
  for (let at = from; ; at += STEP) {
    const bytes = await bytesOf(handle, at, STEP)
    const end = bytes.indexOf(NEWLINE)
    if (end >= 0) return at + end + 1
    if (bytes.length < STEP) return Number.POSITIVE_INFINITY
  }
}
