import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Where the next whole line of a file starts, and by what the file is known again. */
export type Position = {
  readonly device: number
  readonly inode: number
  readonly offset: number
  readonly fingerprint: Fingerprint
}

/** SHA-256 of the first bytes of a file. An entry starts with its time in nanoseconds, so that no two files start alike. */
export type Fingerprint = { readonly bytes: number; readonly sha256: string }

const FINGERPRINT_BYTES = 256
/** What rotation makes of a file that was read already. It is never opened. */
const COMPRESSED = /\.(gz|bz2|xz|zst|lz4|Z)$/
const BLOCK = 64 * 1024
const NEWLINE = 0x0a

/** Of the first bytes before `offset`, at most so many: what is behind may still change. */
export async function fingerprintOf(
  handle: FileHandle,
  offset: number,
  most = FINGERPRINT_BYTES,
): Promise<Fingerprint> {
  const buffer = Buffer.alloc(Math.min(offset, most))
  let bytes = 0
  while (bytes < buffer.length) {
    const { bytesRead } = await handle.read(buffer, bytes, buffer.length - bytes, bytes)
    if (bytesRead === 0) break
    bytes += bytesRead
  }
  return { bytes, sha256: createHash('sha256').update(buffer.subarray(0, bytes)).digest('hex') }
}

/** Whether a file starts as the one that a position was taken in. */
export async function startsAs(handle: FileHandle, { fingerprint }: Position): Promise<boolean> {
  const now = await fingerprintOf(handle, fingerprint.bytes)
  return now.bytes === fingerprint.bytes && now.sha256 === fingerprint.sha256
}

/** Once it covers this many bytes, a fingerprint does not change any more. */
export const isFull = ({ bytes }: Fingerprint) => bytes >= FINGERPRINT_BYTES

/** Behind the last newline: a first start must not take the end of a line for a line. */
export async function endOfLines(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat()
  const buffer = Buffer.alloc(BLOCK)
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - BLOCK)
    const { bytesRead } = await handle.read(buffer, 0, end - from, from)
    const newline = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    if (newline >= 0) return from + newline + 1
    end = from
  }
  return 0
}

export type Found = {
  readonly file: string
  readonly device: number
  readonly inode: number
  readonly modified: number
}

/** The file and what rotation left of it beside it (`audit.log.1`, `audit.log-20261120`), oldest first, without compressed ones. */
export async function siblingsOf(file: string): Promise<Found[]> {
  const [folder, name] = [dirname(file), basename(file)]
  const names = (await readdir(folder)).filter(
    (other) =>
      other === name || (/^[.-]/.test(other.slice(name.length)) && other.startsWith(name) && !COMPRESSED.test(other)),
  )
  const found = await Promise.all(names.map((other) => lookAt(join(folder, other))))
  /** Whatever the clock of the disk says, what stands under the name itself came last. */
  const age = (each: Found) => (each.file === file ? Number.POSITIVE_INFINITY : each.modified)
  return found.filter((each) => each !== undefined).toSorted((one, other) => age(one) - age(other))
}

/** What a path names now; undefined when it names no file. */
export async function lookAt(file: string): Promise<Found | undefined> {
  try {
    const found = await stat(file)
    return found.isFile() ? { file, device: found.dev, inode: found.ino, modified: found.mtimeMs } : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export type Again = {
  readonly at: Found
  readonly handle: FileHandle
  /** Whether the file reaches to where it was read: a copy may have been made before. */
  readonly reaches: boolean
}

/**
 * The file that a position means: the one of that inode if it still starts the same, else a copy that does (copy-and-truncate).
 * Undefined when neither is there: it was removed or compressed, and what was not read of it is lost.
 */
export async function findAgain(position: Position, siblings: readonly Found[]): Promise<Again | undefined> {
  const same = siblings.filter(({ device, inode }) => device === position.device && inode === position.inode)
  const copies = position.fingerprint.bytes > 0 ? siblings.filter((each) => !same.includes(each)) : []
  for (const at of [...same, ...copies]) {
    const handle = await open(at.file, 'r').catch(() => undefined)
    if (!handle) continue
    const { size } = await handle.stat()
    const isIt = await startsAs(handle, position)
    if (isIt && (size >= position.offset || copies.includes(at)))
      return { at, handle, reaches: size >= position.offset }
    await handle.close()
  }
  return undefined
}
