import { readFileSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Redis } from 'ioredis'

/** What a process holds in memory now, in MB; null where the system has no /proc. */
export function residentMegabytes(pid: number): number | null {
  const kilobytes = statusOf(pid, 'VmRSS')
  return kilobytes === null ? null : Math.round(kilobytes / 1024)
}

/** The most that a process has held in memory so far, in MB; null where the system has no /proc. */
export function peakMegabytes(pid: number): number | null {
  const kilobytes = statusOf(pid, 'VmHWM')
  return kilobytes === null ? null : kilobytes / 1024
}

/** How long a process has kept a processor busy so far, in milliseconds (proc_pid_stat(5): utime and stime, in hundredths of a second). */
export function busyMilliseconds(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return null
  }
}

/** What Redis says that its data and clients use, in bytes. */
export async function usedMemory(redis: Redis): Promise<number> {
  const [, bytes] = /^used_memory:(\d+)/m.exec(await redis.info('memory')) ?? []
  if (!bytes) throw new Error('Redis does not say how much memory it uses.')
  return Number(bytes)
}

/**
 * How far this process grew at its most while it did something, in MB, from a state without garbage; null where it cannot be told.
 * Writing 5 to `clear_refs` makes Linux count the peak anew (proc_pid_clear_refs(5)).
 */
export async function peakGrowth(work: () => Promise<void>): Promise<number | null> {
  collectGarbage()
  const before = countedAnew() ? statusOf(process.pid, 'VmRSS') : null
  await work()
  const peak = statusOf(process.pid, 'VmHWM')
  return before === null || peak === null ? null : Math.max(0, peak - before) / 1024
}

function countedAnew(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
    return true
  } catch {
    return false
  }
}

let collect: (() => void) | undefined

function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}

function statusOf(pid: number, name: 'VmRSS' | 'VmHWM'): number | null {
  try {
    const [, kilobytes] =
      new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes ? Number(kilobytes) : null
  } catch {
    return null
  }
}
