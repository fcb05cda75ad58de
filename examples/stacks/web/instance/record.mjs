import { readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What an instance says of itself: `{ pid, service, version, consul, app, port }`, the last two once its app serves. */
export function readRecord(dir) {
  try {
    return JSON.parse(readFileSync(join(dir, 'record.json'), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  }
}

/** Written beside and moved into place: a reader sees the old one or the new one. */
export function writeRecord(dir, record) {
  const draft = join(dir, `record.${process.pid}.tmp`)
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 })
  renameSync(draft, join(dir, 'record.json'))
}

/** Folders of the instances that a slot has or had: more than one only where one was made anew. */
export function instancesOf(slot) {
  try {
    return readdirSync(slot, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(slot, name))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

/** Takes away all files of an instance, with the last one its slot, and with the last slot the directory around it. */
export function clear(dir) {
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  const slot = dirname(dir)
  if (instancesOf(slot).length === 0) clearSlot(slot)
}

export function clearSlot(slot) {
  rmSync(slot, { recursive: true, force: true, maxRetries: 3 })
  try {
    rmdirSync(dirname(slot))
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EACCES', 'EPERM'].includes(error.code)) throw error
  }
}
