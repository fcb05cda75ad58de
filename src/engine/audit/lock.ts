import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const WAIT_MS = 3_000
/** SQLite's code for "somebody else has it". */
const BUSY = 5

/**
 * Does something while no other process of this machine does the same. The lock is the operating system's (SQLite takes it, on a
 * file that stays empty): it ends with its holder, whatever kills that, and nobody ever has to guess whether a lock is stale.
 */
export async function exclusively<T>(path: string, work: () => Promise<T>): Promise<T> {
  const database = opened(path)
  try {
    await taken(database)
    return await work()
  } finally {
    database.close()
  }
}

async function taken(database: DatabaseSync): Promise<void> {
  const end = performance.now() + WAIT_MS
  while (!tryOnce(database)) {
    if (performance.now() > end) throw failed('EBUSY', `Another process has kept the audit file for ${WAIT_MS} ms.`)
    await sleep(2 + Math.random() * 8)
  }
}

function tryOnce(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== BUSY) throw error
    return false
  }
}

function opened(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 })
  } catch (cause) {
    throw failed('EACCES', `The lock ${path} cannot be opened.`, cause)
  }
}

function failed(code: string, text: string, cause?: unknown): Error {
  return Object.assign(new Error(text, { cause }), { code })
}
