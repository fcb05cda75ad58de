import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { LineReader, LineReaderOptions } from './lines.ts'
import { createLineReader } from './lines.ts'
import type { Again, Found, Position } from './position.ts'
import { endOfLines, findAgain, fingerprintOf, isFull, lookAt, siblingsOf, startsAs } from './position.ts'

export type Followed = {
  /** Bytes that this look read. */
  readonly bytes: number
  /** Times that a file was gone, compressed or cut before all of it was read. */
  readonly lost: number
  /** Whether the path names a file now. */
  readonly there: boolean
}

export type Follower = {
  /** Reads all that is new. Never call it again before it has ended. */
  look(): Promise<Followed>
  /** Where the next whole lines start, in the order in which they are to be read. Store it after what was read was counted. */
  positions(): Promise<Position[]>
  close(): Promise<void>
}

type Part = {
  readonly handle: FileHandle
  readonly at: Found
  readonly reader: LineReader
  read: number
  position: Position
  idle: number
}

/** So many looks without a new byte, once its successor is written to, and a renamed file is let go. Vault 1.15.0 goes on writing to it. */
const IDLE_LOOKS = 30

/**
 * Follows a file by its inode through rotation by rename and by copy-and-truncate. `from` is what `positions` said last; without it
 * the first look starts at the end of the file. Old files are read to their end before new ones.
 */
export function createFollower(path: string, options: LineReaderOptions, from?: readonly Position[]): Follower {
  const file = resolve(path)
  let parts: Part[] = []
  let started = false
  let lost = 0

  async function add(at: Found, handle: FileHandle, offset: number): Promise<void> {
    const position = { device: at.device, inode: at.inode, offset, fingerprint: await fingerprintOf(handle, offset) }
    parts.push({ handle, at, reader: createLineReader(options), read: offset, position, idle: 0 })
  }

  async function start(): Promise<void> {
    if (from) await resume(from)
    else {
      const at = await lookAt(file)
      if (at) {
        const handle = await open(file, 'r')
        await add(at, handle, await endOfLines(handle))
      }
    }
    started = true
  }

  /** What was read before, from where it was left; then what came after it while nobody looked. */
  async function resume(positions: readonly Position[]): Promise<void> {
    const siblings = await siblingsOf(file)
    const known = new Set<Found>()
    let since = Number.POSITIVE_INFINITY
    for (const position of positions) {
      const found = await findAgain(position, siblings)
      if (!found) {
        if (position.offset > 0) lost++
        continue
      }
      known.add(found.at)
      since = Math.min(since, found.at.modified)
      await takeUp(found, position)
    }
    for (const at of siblings)
      if (!known.has(at) && (at.file === file || at.modified >= since)) await add(at, await open(at.file, 'r'), 0)
  }

  /** What is left of a file; nothing is, when it is a copy from before the last read. */
  async function takeUp({ at, handle, reaches }: Again, { offset }: Position): Promise<void> {
    if (reaches) await add(at, handle, offset)
    else await handle.close()
  }

  /** The path names another file: the old one was renamed, or there was none. */
  async function takeNew(): Promise<boolean> {
    const at = await lookAt(file)
    if (!at) return false
    const known = parts.some((part) => part.at.inode === at.inode && part.at.device === at.device)
    if (!known) await add(at, await open(file, 'r'), 0)
    return true
  }

  async function readOn(part: Part): Promise<number> {
    const { size } = await part.handle.stat()
    if (size < part.read || !(await startsAs(part.handle, part.position))) await cut(part)
    let bytes = 0
    for (;;) {
      const room = part.reader.room()
      const { bytesRead } = await part.handle.read(room, 0, room.length, part.read)
      if (bytesRead === 0) break
      part.read += bytesRead
      bytes += bytesRead
      part.reader.took(bytesRead)
    }
    const offset = part.read - part.reader.torn()
    const { fingerprint } = part.position
    const known = isFull(fingerprint) ? fingerprint : await fingerprintOf(part.handle, offset)
    part.position = { ...part.position, offset, fingerprint: known }
    part.idle = bytes > 0 ? 0 : part.idle + 1
    return bytes
  }

  /** The file was truncated: what was not read of it stands in the copy that was made before, if that is there. */
  async function cut(part: Part): Promise<void> {
    const others = (await siblingsOf(file)).filter(({ inode }) => inode !== part.at.inode)
    const copy = part.position.offset > 0 ? await findAgain(part.position, others) : undefined
    part.reader.reset()
    if (copy) await takeUp(copy, part.position)
    else if (part.position.offset > 0) lost++
    part.read = 0
    part.position = { ...part.position, offset: 0, fingerprint: await fingerprintOf(part.handle, 0) }
  }

  /** Old files go once nobody writes to them any more and somebody writes to their successor. */
  async function letGo(): Promise<void> {
    const newest = parts.findLast(({ at }) => at.file === file)
    if (!newest || newest.read === 0) return
    const gone = parts.filter((part) => part !== newest && part.idle >= IDLE_LOOKS)
    parts = parts.filter((part) => !gone.includes(part))
    await Promise.all(gone.map(({ handle }) => handle.close()))
  }

  return {
    async look() {
      if (!started) await start()
      const there = await takeNew()
      let bytes = 0
      // A file that was cut puts its copy behind itself, so the list may grow while it is read.
      for (const part of parts) bytes += await readOn(part)
      await letGo()
      const gaps = lost
      lost = 0
      return { bytes, lost: gaps, there }
    },
    positions: async () => parts.map(({ position }) => position),
    async close() {
      await Promise.all(parts.map(({ handle }) => handle.close()))
      parts = []
    },
  }
}
