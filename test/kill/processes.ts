import { existsSync, globSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Groups of durable processes that still run below a folder. */
export function processesIn(dir: string): number[] {
  return globSync('work*/runs/*/*/process/pid', { cwd: dir })
    .filter((file) => !existsSync(join(dir, dirname(file), 'exit')))
    .map((file) => Number(linesOf(join(dir, file))[0]))
    .filter((pid) => pid > 0 && isAlive(pid))
}

/** A program that works in the folder of a stage, whoever started it: Terraform, its wrapper, or what Terraform runs. */
export type Program = {
  readonly pid: number
  /** The work folder, which stands for a machine. */
  readonly machine: string
  readonly execution: string
  readonly stage: string
  readonly what: string
}

/** All of them, as the kernel says, also where the folder itself is gone. */
export function programsIn(dir: string): Program[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    const cwd = linkOf(`/proc/${pid}/cwd`)
    const [, machine = '', execution = '', stage = ''] =
      /^\/(work[^/]*)\/runs\/([^/]+)\/([^/ ]+)/.exec(cwd.slice(dir.length)) ?? []
    if (!cwd.startsWith(dir) || !execution) return []
    return [{ pid: Number(pid), machine, execution, stage: stage.replace(/-\d+$/, ''), what: commandOf(pid) }]
  })
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .slice(0, 2)
      .join(' ')
      .replace(/\s+/g, ' ')
      .slice(0, 60)
  } catch {
    return ''
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

/** False where it had ended meanwhile. */
export function killGroup(pid: number): boolean {
  try {
    return process.kill(-pid, 'SIGKILL')
  } catch {
    return false
  }
}
