import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const hasProc = existsSync('/proc/self/stat')

/** What tells a process from a later one of the same pid: when it began. Undefined once it has ended, reaped or not. */
export function startOf(pid) {
  if (!hasProc) return ps(['-o', 'lstart=', '-p', String(pid)]) || undefined
  const fields = statOf(pid)
  return fields && !'ZX'.includes(fields[0]) ? fields[19] : undefined
}

export function isAlive({ pid, start }) {
  return startOf(pid) === start
}

/**
 * The Terraform that ran this program, its parent. Where that has been killed already, the parent is whoever collects
 * orphans, which lives in another session: then nothing may be started.
 */
export function launcher() {
  const pid = process.ppid
  const start = startOf(pid)
  const adopted = hasProc ? statOf(pid)?.[3] !== statOf(process.pid)?.[3] : pid === 1
  if (!start || adopted) throw new Error('The Terraform that asked for this instance is gone: nothing was started.')
  return { pid, start }
}

/** Pids of the processes that keep this instance running. Found by command line, so a pid used again is never mistaken. */
export function serving(dir) {
  return commandLines()
    .filter(([, args]) => args.at(-1) === dir || (args.at(-1) === '' && args.at(-2) === dir))
    .filter(([, args]) => args.includes('serve'))
    .map(([pid]) => pid)
}

/**
 * Ends the instance of this directory with its app, which is in its group: asked first, then forced. `app` is the one that its record
 * names, for the case that only what kept it running was killed.
 */
export async function end(dir, { pid, app } = {}) {
  const groups = () => [...new Set([...serving(dir), ...(app && isAlive(app) ? [pid] : [])])]
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    for (const group of groups()) send(-group, signal)
    for (let tries = 0; tries < 60 && groups().length > 0; tries++) await sleep(50)
  }
  const left = groups()
  if (left.length > 0) throw new Error(`Process ${left.join(', ')} of ${dir} does not end, not even by SIGKILL.`)
}

function send(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function commandLines() {
  if (hasProc)
    return readdirSync('/proc')
      .filter(isPid)
      .map((pid) => [Number(pid), argumentsOf(pid)])
  const lines = ps(['-axww', '-o', 'pid=,command=']).split('\n')
  return lines.map((line) => line.trim().split(' ')).map(([pid, ...args]) => [Number(pid), args])
}

function isPid(name) {
  return /^\d+$/.test(name)
}

/** Empty for a process that has ended meanwhile. */
function argumentsOf(pid) {
  return read(`/proc/${pid}/cmdline`)?.split('\0') ?? []
}

/** Fields of /proc/PID/stat from the third on: state, parent, group, session, ...; the name before them may hold anything. */
function statOf(pid) {
  const text = read(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(error.code)) return undefined
    throw error
  }
}

/** ps ends with 1 when there is no such process. */
function ps(args) {
  try {
    return execFileSync('ps', args, { encoding: 'utf8' }).trim()
  } catch (error) {
    if (error.status === 1) return ''
    throw error
  }
}
