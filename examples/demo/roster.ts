import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Identity, lives } from '../../src/tools/run/identity.ts'
import { identityOf } from './claim.ts'
import { type DemoFolder, readIfThere, writePrivate } from './folder.ts'
import { waitFor } from './parts/wait.ts'

/** Which processes the demo runs: `pids/NAME` for people, `processes.json` (with start times) for the next start after a SIGKILL. */
export function createRoster(folder: DemoFolder) {
  const members = new Map<string, Identity>()
  const pidFile = (name: string) => join(folder.file('pids'), name)
  const save = () => writePrivate(folder.file('processes.json'), JSON.stringify(Object.fromEntries(members)))
  return {
    async add(name: string, pid: number): Promise<void> {
      writePrivate(pidFile(name), `${pid}\n`)
      const identity = await identityOf(pid)
      if (!identity) return
      members.set(name, identity)
      save()
    },
    remove(name: string, pid: number): void {
      if (Number(readIfThere(pidFile(name))) === pid) rmSync(pidFile(name), { force: true })
      if (members.get(name)?.pid !== pid) return
      members.delete(name)
      save()
    },
  }
}

export type Roster = ReturnType<typeof createRoster>

const OURS: readonly string[] = ['bot', 'worker', 'monitor']

/** Ends what a demo that was killed left running, each by its pid and start time; gives the names of those. */
export async function endLeftovers(folder: DemoFolder): Promise<string[]> {
  const recorded = Object.entries(
    JSON.parse(readIfThere(folder.file('processes.json')) ?? '{}') as Record<string, Identity>,
  )
  const living: [string, Identity][] = []
  for (const [name, identity] of recorded) if (await lives(identity)) living.push([name, identity])
  // Our own first: they should not see the ground go from under them.
  const first = living.filter(([name]) => OURS.includes(name))
  await Promise.all(first.map(([, identity]) => end(identity)))
  await Promise.all(living.filter((each) => !first.includes(each)).map(([, identity]) => end(identity)))
  rmSync(folder.file('pids'), { recursive: true, force: true })
  rmSync(folder.file('processes.json'), { force: true })
  return living.map(([name]) => name)
}

async function end(identity: Identity): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await lives(identity))) return
    process.kill(identity.pid, signal)
    const gone = waitFor(async () => !(await lives(identity)), { what: `pid ${identity.pid} to end`, within: '10s' })
    if (await gone.catch(() => false)) return
  }
  throw new Error(`Process ${identity.pid} of the last demo does not end, not even by SIGKILL.`)
}
