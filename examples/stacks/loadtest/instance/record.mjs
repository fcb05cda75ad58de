import { readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What an instance says of itself: `{ pid, service, version, consul, port }`, the port once it serves. */
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

/** Takes away all files of the instance, and the directory around it with the last one. */
export function clear(dir) {
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  try {
    rmdirSync(dirname(dir))
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EACCES', 'EPERM'].includes(error.code)) throw error
  }
}
