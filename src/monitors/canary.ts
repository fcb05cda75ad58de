import { spoken } from '../core/duration.ts'

/** Looks in a row without a line: one may be asked just before its line is read. */
const LOOKS = 3

export type Canary = {
  /** Our own watcher got an answer of the Vault of this host, which writes it to the audit file if that Vault is active. */
  asked(isActive: boolean): void
  /** So many lines were read, whosever they are. */
  read(lines: number): void
  /** Why the audit file cannot be the one of this Vault; undefined while nothing speaks against it. */
  trouble(): string | undefined
}

/**
 * Silence of an audit file is no fault: a standby writes nothing. But what an active Vault was asked by ourselves must stand in it, so
 * that `withinMs` of silence in spite of that means that the file is not read, or not the right one.
 */
export function createCanary(withinMs: number, now: () => number): Canary {
  let since: number | undefined
  let looks = 0
  const clear = () => {
    since = undefined
    looks = 0
  }
  return {
    asked(isActive) {
      if (!isActive) return clear()
      since ??= now()
      looks++
    },
    read(lines) {
      if (lines > 0) clear()
    },
    trouble() {
      if (since === undefined || looks < LOOKS || now() - since < withinMs) return undefined
      return `the audit file is silent for ${spoken(now() - since)}, though Vault here is active and answered us ${looks} times: it is not the file that Vault writes`
    },
  }
}
