import type { FileHandle } from 'node:fs/promises'
import type { AuditLine } from '../../core/audit.ts'
import { readLine } from './chain.ts'

/**
 * How a file ends: its last line (null: there is none, or it is not as it was written), what stands behind that without an end, and
 * whether there is any whole line, or anything at all.
 */
export type Tail = {
  readonly line: AuditLine | null
  readonly torn: Buffer
  readonly whole: boolean
  readonly empty: boolean
}

const NEWLINE = 10
const STEP = 64 * 1024

export async function tailOf(file: FileHandle): Promise<Tail> {
  const found = await file.stat()
  // A device has no lines to read back.
  const size = found.isFile() ? found.size : 0
  for (let room = STEP; ; room *= 4) {
    const bytes = await bytesOf(file, Math.max(0, size - room), Math.min(size, room))
    const end = bytes.lastIndexOf(NEWLINE)
    const start = end > 0 ? bytes.lastIndexOf(NEWLINE, end - 1) : -1
    if (start < 0 && room < size) continue
    const line = end < 0 ? null : readLine(bytes.subarray(start + 1, end).toString())
    return { line, torn: bytes.subarray(end + 1), whole: end >= 0, empty: size === 0 }
  }
}

/** The first line, as it stands in the file. */
export async function firstOf(file: FileHandle): Promise<AuditLine | null> {
  for (let room = STEP; ; room *= 4) {
    const bytes = await bytesOf(file, 0, room)
    const end = bytes.indexOf(NEWLINE)
    if (end >= 0) return readLine(bytes.subarray(0, end).toString())
    if (bytes.length < room) return null
  }
}

/** So many bytes from there on, or as many as there are. */
export async function bytesOf(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
