import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readState, writeState } from '../../../src/tools/tail/state.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-state-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const folder = () => mkdtempSync(join(scratch, 'state-'))
const POSITION = { device: 1, inode: 2, offset: 3, fingerprint: { bytes: 3, sha256: 'abc' } }

describe('the state', () => {
  test('is what was written; without it nothing is known', async () => {
    const state = join(folder(), 'state.json')
    expect(await readState(state)).toBeUndefined()
    await writeState(state, [POSITION])
    expect(await readState(state)).toEqual([POSITION])
  })

  test('that is not ours is refused, and not taken for a first start', async () => {
    const state = join(folder(), 'state.json')
    writeFileSync(state, '{"version":2}')
    await expect(readState(state)).rejects.toThrow(/not one of this monitor/)
  })

  test('on a full disk throws and leaves the old one', async () => {
    const state = join(folder(), 'state.json')
    await writeState(state, [])
    // What is written beside the state goes to a device that is always full; the device itself is never renamed or replaced.
    symlinkSync('/dev/full', `${state}.new`)
    await expect(writeState(state, [])).rejects.toThrow(/ENOSPC/)
    expect(await readState(state)).toEqual([])
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true)
  })

  test('never takes the place of something that is no regular file', async () => {
    const state = join(folder(), 'state.json')
    symlinkSync(join(scratch, 'elsewhere'), state)
    await expect(writeState(state, [])).rejects.toThrow(/no regular file/)
  })
})
