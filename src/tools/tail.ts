import { closeSync, openSync, readSync } from 'node:fs'
import { UserError } from '../errors.ts'
import type { LineReaderOptions } from './tail/lines.ts'
import { createLineReader } from './tail/lines.ts'

/**
 * All whole lines of a file from its start, in the order of the file. What stands behind the last newline is torn and left out.
 * Throws a `UserError` for a file that cannot be read.
 */
export function readWholeFile(file: string, options: LineReaderOptions): void {
  const descriptor = opened(file)
  const reader = createLineReader(options)
  try {
    for (;;) {
      const room = reader.room()
      const bytes = readSync(descriptor, room, 0, room.length, null)
      if (bytes === 0) return
      reader.took(bytes)
    }
  } catch (cause) {
    throw unreadable(file, cause)
  } finally {
    closeSync(descriptor)
  }
}

function opened(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

/** Why a file cannot be read, and what to do about it; any other error as it is. */
export function unreadable(file: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException
  const why = REASONS[code ?? '']
  return why ? new UserError(`${file} cannot be read: ${why}`, { cause }) : cause
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there. Name the file of the audit device (`vault audit list -detailed` shows it).',
  EACCES: 'permission denied. Run as the user of Vault, or enable the device with mode=0640 and join its group.',
  EISDIR: 'it is a folder, not a file.',
  EIO: 'the disk reports an error.',
}
