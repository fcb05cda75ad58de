import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCounter } from '../../../src/monitors/vault-audit/count.ts'
import { readEntry } from '../../../src/monitors/vault-audit/entry.ts'
import { createJudge } from '../../../src/monitors/vault-audit/judge.ts'
import { createScan } from '../../../src/monitors/vault-audit/scan.ts'
import { createLineReader } from '../../../src/tools/tail/lines.ts'
import { mutatedFile, seeded } from './mutate.ts'
import { countSlowly } from './reference.ts'

const samples = readFileSync(join(import.meta.dirname, '../../cases/audit/samples.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => Buffer.from(line))

const LINES_A_FILE = 500
const PREFIXES = ['', '', '[audit] ', '{audit} ']

export type Difference = { readonly seed: number; readonly fast: unknown; readonly slow: unknown }

/**
 * So many mutated lines, in files of their own seed, through the fast reader in pieces of random size and through the slow one:
 * the first file on which they differ, in any count or in any request that they blame.
 */
export function fuzz(lines: number, seed: number): Difference | undefined {
  for (let done = 0, next = seed; done < lines; done += LINES_A_FILE, next++) {
    const random = seeded(next)
    const file = mutatedFile(samples, LINES_A_FILE, random)
    const longest = 600 + Math.floor(random() * 3000)
    const prefix = PREFIXES[Math.floor(random() * PREFIXES.length)] ?? ''
    const [fast, slow] = [countFast(file, { longest, prefix, random }), countSlowly(file, longest, prefix)]
    if (JSON.stringify(fast) !== JSON.stringify(slow)) return { seed: next, fast, slow }
  }
  return undefined
}

type Fast = { readonly longest: number; readonly prefix: string; readonly random: () => number }

function countFast(file: Buffer, { longest, prefix, random }: Fast) {
  const counter = createCounter({ prefix, remember: LINES_A_FILE * 2 })
  const ids: string[] = []
  const judge = createJudge({ remember: LINES_A_FILE * 2 })
  const named = createScan({
    prefix,
    onEntry: (line) => {
      const entry = readEntry(line)
      const judgment = judge(entry)
      if (typeof judgment === 'object' && judgment.kind === 'denied') ids.push(entry.id)
    },
  })
  const reader = createLineReader({
    longest,
    onLines: (buffer, start, end) => {
      counter.onLines(buffer, start, end)
      named.onLines(buffer, start, end)
    },
    onOversize: counter.onOversize,
  })
  for (let at = 0; at < file.length; ) {
    const room = reader.room()
    const bytes = file.copy(room, 0, at, at + 1 + Math.floor(random() * 5000))
    reader.took(bytes)
    at += bytes
  }
  const { lines, failedLogin, wrappingInvalid, unparsable, oversize, jsonx, denied } = counter.counts()
  return { lines, failedLogin, wrappingInvalid, unparsable, oversize, jsonx, denied, ids }
}

// `node test/monitors/vault-audit/fuzz.ts 1000000 7`: the long run, with how many lines and from which seed.
if (process.argv[1] === import.meta.filename) {
  const [lines = 1_000_000, seed = 1] = process.argv.slice(2).map(Number)
  const difference = fuzz(lines, seed)
  process.stdout.write(
    difference ? `${JSON.stringify(difference)}\n` : `${lines} mutated lines from seed ${seed}: no difference\n`,
  )
  process.exit(difference ? 1 : 0)
}
