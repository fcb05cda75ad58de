import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** What is written within this is read together. */
const GATHER_MS = 100

export type Hints = {
  /** Waits until the file may have changed, at most so many milliseconds, or until it is called off. It never throws. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  stop(): void
}

/**
 * Hears from the system when a file of a folder is written. A hint and nothing more: some file systems give none, so whoever waits looks
 * again after a while all the same.
 */
export function createHints(file: string): Hints {
  let watcher: FSWatcher | null = null
  let hinted = false
  let wake = () => {}

  function close(): void {
    watcher?.close()
    watcher = null
  }

  function open(): void {
    try {
      watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
        if (name !== null && name !== basename(file)) return
        hinted = true
        wake()
      })
      watcher.on('error', close)
    } catch {
      watcher = null // The folder is not there (yet), or there are too many watches: the next wait tries again.
    }
  }

  function pause(ms: number, signal: AbortSignal, mayWake: boolean): Promise<void> {
    if (ms <= 0 || signal.aborted || (mayWake && hinted)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        wake = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done)
      if (mayWake) wake = done
    })
  }

  return {
    async wait(ms, signal) {
      if (!watcher) open()
      await pause(Math.min(GATHER_MS, ms), signal, false)
      await pause(ms - GATHER_MS, signal, true)
      hinted = false
    },
    stop: close,
  }
}
