import { readFile } from 'node:fs/promises'
import { execa } from 'execa'

/** A pid alone names nobody for long: with its start time and the machine's boot it names one process for ever. */
export type Identity = { pid: number; start: string; boot: string }

/** What the wrapper wrote: pid, start time and boot id, one per line. */
export function parseIdentity(text: string): Identity {
  const [pid = '', start = '', boot = ''] = text.split('\n')
  if (!/^[1-9]\d*$/.test(pid) || start === '' || boot === '') {
    throw new Error(`Expected pid, start time and boot id on three lines, found ${JSON.stringify(text.slice(0, 200))}`)
  }
  return { pid: Number(pid), start, boot }
}

/** Whether this very process still runs: a zombie does not, and a stranger who was given the same pid is somebody else. */
export async function lives({ pid, start, boot }: Identity): Promise<boolean> {
  const now = process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid)
  return now?.start === start && now.boot === boot
}

/** State is field 3 and start time field 22 of `stat`; the name in field 2 may itself hold spaces and parentheses. */
export async function fromProc(pid: number): Promise<Identity | undefined> {
  const stat = await textOf(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const boot = (await textOf('/proc/sys/kernel/random/boot_id'))?.trim() || '-'
  return /^[ZXx]$/.test(state) ? undefined : { pid, start: fields[18] ?? '', boot }
}

/** Where there is no `/proc`: `lstart` is an absolute time, so it needs no boot id beside it. */
export async function fromPs(pid: number): Promise<Identity | undefined> {
  const env = { PATH: '/usr/bin:/bin', TZ: 'UTC0', LC_ALL: 'C' }
  const result = await execa('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env, extendEnv: false, reject: false })
  if (result.exitCode === undefined) throw new Error('Could not ask ps about a process', { cause: result.cause })
  const [state = '', ...start] = result.stdout.trim().split(/\s+/)
  return state === '' || state.startsWith('Z') ? undefined : { pid, start: start.join(' '), boot: '-' }
}

/** The text of a file, or nothing where it (or the process that it speaks of) is not there. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ENOTDIR', 'ESRCH'].includes(code)) return undefined
    throw error
  }
}
