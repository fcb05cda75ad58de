import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseIdentity, textOf } from './identity.ts'

const MOST = 10
const LONGEST = 120

/**
 * What of a durable process is still there after its end, as `pid command`: scripts that it started and did not wait for. They are known
 * by their session, which the process had for its own. Empty where the system has no /proc.
 */
export async function survivors(dir: string): Promise<string[]> {
  const published = await textOf(join(dir, 'pid'))
  if (published === undefined || !/^\d/.test(published)) return []
  const { pid: session } = parseIdentity(published)
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found: string[] = []
  for (const pid of pids) {
    if (Number(pid) === session || (await sessionOf(pid)) !== session) continue
    found.push(`${pid} ${await commandOf(pid)}`)
  }
  return found.slice(0, MOST)
}

/** Fields of /proc/<pid>/stat after the name in parentheses: state, parent, group, session (proc(5)). A dead one counts for nothing. */
async function sessionOf(pid: string): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === undefined || state === 'Z' ? null : Number(session)
}

async function commandOf(pid: string): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return line.split('\0').join(' ').trim().slice(0, LONGEST)
}
