import type { Trouble } from '../../../core/alert.ts'
import { messageOf } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import { backOffMs, createSleeper } from '../../../tools/consul/watch/pace.ts'
import { ConsulFailure } from '../../../tools/consul/watch.ts'
import { type Failing, failingOf, troubleOf } from './judge.ts'

type Parts = {
  /** The list as it is now. */
  readonly read: (signal: AbortSignal) => Promise<readonly string[]>
  readonly onList: (list: readonly string[]) => Promise<void>
  readonly onTrouble: () => void
  readonly now: () => number
  readonly random: () => number
  readonly log: Pick<Log, 'warn'>
}

const EVERY_MS = 60_000
const SOON = { firstMs: 1000, mostMs: 30_000 }

/** Asks again and again which datacenters there are; soon while not one is known. */
export function followDatacenters({ read, onList, onTrouble, now, random, log }: Parts) {
  const over = new AbortController()
  const pause = createSleeper(over.signal)
  let failing: Failing | null = null
  let trouble: Trouble | null = null
  let found = false

  async function look(): Promise<void> {
    const list = await read(over.signal)
    if (over.signal.aborted) return
    found ||= list.length > 0
    failing = null
    become(null)
    await onList(list)
  }

  function fail(error: unknown): void {
    // Once for each time that it goes wrong: this goes on for as long as Consul is away.
    if (!failing) log.warn({ error: messageOf(error) }, 'list of datacenters not read')
    if (!(error instanceof ConsulFailure)) return
    failing = failingOf(failing, error.kind, now())
    become(troubleOf(trouble, failing, error.message))
  }

  function become(next: Trouble | null): void {
    if (next === trouble) return
    trouble = next
    onTrouble()
  }

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!over.signal.aborted) fail(error)
      })
      await pause.sleep(found ? EVERY_MS : backOffMs(SOON, failing?.times ?? 1, random))
    }
  }
  const running = run()
  return {
    trouble: () => trouble,
    hurry: pause.wake,
    async stop(): Promise<void> {
      over.abort()
      await running
    },
  }
}
