import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditLine } from '../../src/core/audit.ts'
import { firstsOf, knownTo, linesOfFile } from '../../src/engine/audit/lines.ts'
import type { Verdict } from '../../src/engine/audit/verify.ts'
import { verify } from '../../src/engine/audit/verify.ts'
import type { Audit, AuditParts } from '../../src/engine/audit.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { silent } from '../engine/quiet.ts'
import type { Here } from '../engine/redis.ts'

export { type Here, useRedis } from '../engine/redis.ts'

export const fileIn = (here: Here) => join(here.dir, 'audit.jsonl')

export function auditOf(here: Here, change: Partial<AuditParts> = {}): Audit {
  const { redis, keys, now } = here
  return createAudit({ redis, keys, now, log: silent, host: 'here', mask: (text) => text, show: [], ...change })
}

export const textIn = (file: string) => readFileSync(file, 'utf8')
export const linesIn = (file: string) => textIn(file).split('\n').slice(0, -1)

export async function verdictOfFile({ redis, keys }: Here, file: string, host = 'here'): Promise<Verdict> {
  const { head, hashes } = await knownTo(redis, keys)
  const firsts = await firstsOf(redis, keys, `${host}:${file}`)
  return verify(linesOfFile(file), { hashOf: (seq) => hashes.get(seq), firsts, head })
}

export async function streamOf({ redis, keys }: Here): Promise<AuditLine[]> {
  const entries = await redis.xrange(keys.audit, '-', '+')
  return entries.map(([, fields]) => JSON.parse(fields[1] ?? '') as AuditLine)
}

/** A process that writes so many entries, one after the other. */
export function startWriter(here: Here, name: string, count: number, file?: string): ChildProcess {
  const script = join(import.meta.dirname, 'writer.ts')
  const args = [script, here.url, here.keys.audit.split(':')[0] ?? '', name, String(count), ...(file ? [file] : [])]
  return spawn('node', args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

export async function exitOf(child: ChildProcess): Promise<number | null> {
  child.stdout?.resume()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}
