import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Groups of durable processes that still run below a folder. */
export function processesIn(dir: string): number[] {
  return globSync('work*/runs/*/*/process/pid', { cwd: dir })
    .filter((file) => !existsSync(join(dir, dirname(file), 'exit')))
    .map((file) => Number(linesOf(join(dir, file))[0]))
    .filter((pid) => pid > 0 && isAlive(pid))
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
