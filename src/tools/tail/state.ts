import { lstat, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../errors.ts'
import type { Position } from './position.ts'

const state = z.strictObject({
  version: z.literal(1),
  positions: z.array(
    z.strictObject({
      device: z.number(),
      inode: z.number(),
      offset: z.number().int().min(0),
      fingerprint: z.strictObject({ bytes: z.number().int().min(0), sha256: z.string() }),
    }),
  ),
})

/** What was stored last; undefined when nothing ever was. Throws a `UserError` for a file that is not ours or cannot be read. */
export async function readState(file: string): Promise<Position[] | undefined> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new UserError(`The state file ${file} cannot be read: ${cause.message}.`, { cause })
  })
  if (text === undefined) return undefined
  try {
    return state.parse(JSON.parse(text)).positions
  } catch (cause) {
    throw new UserError(
      `The state file ${file} is not one of this monitor. Look at it; removing it makes the next start begin at the end of the log.`,
      { cause },
    )
  }
}

/**
 * Stores where the next lines start: written beside, synced, renamed, and the folder synced, so that a crash leaves the old state or
 * the new one. A disk that is full throws and leaves the old one.
 */
export async function writeState(file: string, positions: readonly Position[]): Promise<void> {
  await refuseDevice(file)
  const beside = `${file}.new`
  const handle = await open(beside, 'w', 0o600)
  try {
    await handle.writeFile(JSON.stringify({ version: 1, positions }))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(beside, file)
  const folder = await open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}

/** A rename puts a file in the place of whatever has that name: a device or a socket would be gone. */
async function refuseDevice(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined)
  if (found && !found.isFile()) throw new UserError(`The state file ${file} is no regular file. Name another one.`)
}
