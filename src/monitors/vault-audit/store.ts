import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Position } from '../../tools/tail/position.ts'
import { readState, writeState } from '../../tools/tail/state.ts'
import type { Kept } from './kept.ts'
import { readKept, writeKept } from './kept.ts'

export type Store = {
  /** Throws a `UserError` where the state is not ours. */
  read(): Promise<{ readonly positions: Position[] | undefined; readonly kept: readonly Kept[] }>
  save(positions: readonly Position[], kept: readonly Kept[]): Promise<void>
  isFailing(): boolean
}

/** How far was read, and what was counted then: in a file of its own each, the second one beside the first. */
export function createStore(file: string, log: Log): Store {
  const counts = `${file}.counts`
  const stored = { positions: '', kept: '' }
  let isFailing = false

  async function changed(what: keyof typeof stored, value: unknown, write: () => Promise<void>): Promise<void> {
    const text = JSON.stringify(value)
    if (text === stored[what]) return
    await write()
    stored[what] = text
  }

  return {
    async read() {
      const { kept, trouble } = await readKept(counts)
      if (trouble) log.warn({ file: counts }, trouble)
      return { positions: await readState(file), kept }
    },
    /** A state that cannot be stored costs a second reading after a restart, and must not cost the watch. */
    async save(positions, kept) {
      try {
        // Counts first: killed between the two, the last lines are counted twice rather than not at all.
        await changed('kept', kept, () => writeKept(counts, kept))
        await changed('positions', positions, () => writeState(file, positions))
        isFailing = false
      } catch (error) {
        if (!isFailing) log.error({ file, error: messageOf(error) }, 'state not stored')
        isFailing = true
      }
    },
    isFailing: () => isFailing,
  }
}
