import type { ChildProcess } from 'node:child_process'
import type { Part, StartOptions } from '../../examples/demo/parts.ts'

/** A part of the town that can be killed while it comes back. */
export type Fragile = Part & {
  /** Starts it, kills it so many milliseconds after its spawn, and starts it again; true where it was not ready yet when it died. */
  restartTwice(after: number): Promise<boolean>
}

export async function fragile(start: (options: Pick<StartOptions, 'onSpawn'>) => Promise<Part>): Promise<Fragile> {
  let spawned: (child: ChildProcess) => void = () => {}
  const part = await start({ onSpawn: (child) => spawned(child) })
  return Object.assign(Object.create(part) as Part, {
    async restartTwice(after: number): Promise<boolean> {
      const killed = new Promise<void>((resolve) => {
        spawned = (child) => {
          spawned = () => {}
          setTimeout(() => resolve(void child.kill('SIGKILL')), after)
        }
      })
      const early = await part.restart().then(
        () => false,
        () => true,
      )
      await killed
      await part.restart()
      return early
    },
  })
}
