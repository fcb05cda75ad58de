import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '../../examples/demo/parts.ts'
import { repository } from '../e2e/site.ts'

export type Role = 'bot' | 'worker' | 'monitor'

/** A bot, a worker or a monitor from its spawn on: `ready` resolves when it said so, and throws where it ended before. */
export type Member = {
  readonly pid: number
  readonly ready: Promise<void>
  isReady(): boolean
  log(): string
  /** Asks for its death; of one that is dead already it asks nothing. */
  end(): void
  kill9(): Promise<void>
}

/** Starts them one by one, so that they can be killed while they start. */
export function createCrews(dir: string, env: Readonly<Record<string, string>>) {
  const all: Member[] = []
  let count = 0
  // None outlives whoever started it, also where the town could not be built.
  process.once('exit', () => {
    for (const each of all) each.end()
  })
  return {
    launch(role: Role, workDir: string): Member {
      const file = join(dir, `${role}-${++count}.log`)
      const own = role === 'worker' ? { ...env, GROUNDCREW_WORK_DIR: join(dir, workDir) } : env
      const member = start(role, file, own)
      all.push(member)
      return member
    },
    async stop(): Promise<void> {
      await Promise.all(all.map((each) => each.kill9()))
    },
  }
}

function start(role: Role, file: string, env: Readonly<Record<string, string>>): Member {
  const out = openSync(file, 'a', 0o600)
  const child = spawn(process.execPath, [`src/${role}.ts`], { cwd: repository, env, stdio: ['ignore', out, out] })
  closeSync(out)
  const over = () => child.exitCode !== null || child.signalCode !== null
  const log = () => readFileSync(file, 'utf8')
  const isReady = () => log().includes(`"msg":"${role} ready"`)
  const settled = waitFor(() => over() || isReady(), { what: `${role} to be ready`, within: '60s' })
  const ready = settled.then(() => {
    if (!isReady()) throw new Error(`The ${role} ended while it started:\n${log().slice(-3_000)}`)
  })
  // Whoever waits for it hears of it; a kill while it starts is nothing to hear of.
  ready.catch(() => {})
  return {
    pid: child.pid ?? 0,
    ready,
    isReady,
    log,
    end: () => void child.kill('SIGKILL'),
    async kill9() {
      if (over()) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
