/** Vault writes lists of tens of MB into one line; what is longer than this is skipped and counted. */
export const LONGEST_LINE = 8 * 1024 * 1024

/** A read fits into the cache of a processor core: bigger ones are slower. */
const READ_SIZE = 256 * 1024

const NEWLINE = 0x0a

export type LineReaderOptions = {
  /** Bytes of the longest line, without its newline. */
  readonly longest?: number
  /** Whole lines, each with its newline at the end: `buffer[start]` up to, but not including, `buffer[end]`. Valid only during the call. */
  readonly onLines: (buffer: Buffer, start: number, end: number) => void
  /** A line that was too long has ended. */
  readonly onOversize: () => void
}

export type LineReader = {
  /** Where the next read of the file goes; never empty. */
  room(): Buffer
  /** So many bytes were read into the start of `room()`. */
  took(bytes: number): void
  /** Bytes read behind the last newline: the start of a line that is not whole yet. */
  torn(): number
  /** Forgets a torn line: its file was cut or replaced. */
  reset(): void
}

/**
 * Hands on whole lines, as many at once as a read brought, and keeps the torn rest for the next read. It never holds more than
 * the longest line.
 */
export function createLineReader({ longest = LONGEST_LINE, onLines, onOversize }: LineReaderOptions): LineReader {
  let buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, longest + 1))
  let kept = 0
  /** Bytes of a line that is too long, thrown away so far. */
  let skipped = 0

  function grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(buffer.length * 2, longest + 1))
    buffer.copy(larger, 0, 0, kept)
    buffer = larger
  }

  /** The first byte that does not belong to a line that is skipped. */
  function afterSkipped(end: number): number {
    const newline = buffer.subarray(0, end).indexOf(NEWLINE)
    if (newline < 0) {
      skipped += end
      return end
    }
    skipped = 0
    onOversize()
    return newline + 1
  }

  function keep(start: number, end: number): void {
    if (start > 0) buffer.copyWithin(0, start, end)
    kept = end - start
    if (kept <= longest) return
    skipped = kept
    kept = 0
  }

  return {
    room() {
      if (kept === buffer.length) grow()
      return buffer.subarray(kept)
    },
    took(bytes) {
      const fresh = kept
      const end = kept + bytes
      const start = skipped > 0 ? afterSkipped(end) : 0
      if (skipped > 0) return
      const last = buffer.subarray(Math.max(start, fresh), end).lastIndexOf(NEWLINE)
      const whole = last < 0 ? start : Math.max(start, fresh) + last + 1
      if (whole > start) onLines(buffer, start, whole)
      keep(whole, end)
    },
    torn: () => kept + skipped,
    reset() {
      kept = 0
      skipped = 0
    },
  }
}
