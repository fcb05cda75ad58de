import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../examples/demo/parts/program.ts'
import { UserError } from '../src/errors.ts'
import type { Truth } from './audit-lines.ts'
import { writeAuditFile } from './audit-lines.ts'
import { peakMegabytes } from './memory.ts'
import { scratchFolder } from './processes.ts'
import { median } from './statistics.ts'
import { table } from './table.ts'

/** Ours and `grep` take turns so often; `jq` is slow enough for one. */
const TURNS = 3

type Ran = { readonly ms: number; readonly megabytes: number; readonly out: string }
type Side = { readonly seconds: number; readonly megabytes: number; readonly megabytesPerSecond: number }

export type Audit = {
  readonly bytes: number
  readonly lines: number
  readonly counted: Truth
  readonly groundcrew: Side & { readonly linesPerSecond: number }
  readonly grep: Side
  readonly jq: Side | null
  /** Our speed over theirs. */
  readonly overGrep: number
  readonly overJq: number | null
}

/** What people type without us; it counts lines and is wrong (pairs count twice), but it is the honest measure of speed. */
const GREP = ['grep', '-c', 'permission denied']
const JQ = ['jq', '-n', 'reduce (inputs | select((.error? // "") | test("permission denied"))) as $line (0; . + 1)']

/**
 * A file of audit lines through `crew check vault-audit --once --json`, from the start of its process to its end, beside `grep -c` and
 * `jq` on the same file. Each has one core where `taskset` is there. Throws when a counter is not what the file was made to have.
 */
export async function measureAudit(signal: AbortSignal): Promise<Audit> {
  await using stack = new AsyncDisposableStack()
  const file = join(scratchFolder(stack), 'audit.log')
  const truth = await writeAuditFile(file, megabytesAsked(), signal)
  const ours = [process.execPath, join(root, 'src/cli.ts'), 'check', 'vault-audit', '--once', '--json', '--file', file]
  await run([...GREP, file], signal)
  const [crew, grep]: [Ran[], Ran[]] = [[], []]
  for (let turn = 0; turn < TURNS; turn++) {
    crew.push(await run(ours, signal))
    grep.push(await run([...GREP, file], signal))
  }
  const jq = (await isThere('jq', signal)) ? [await run([...JQ, file], signal)] : []
  for (const { out } of crew) compareCounts(JSON.parse(out), truth.counts)
  const side = (ran: readonly Ran[]): Side => {
    const seconds = median(ran.map(({ ms }) => ms)) / 1000
    return {
      seconds,
      megabytes: Math.max(...ran.map(({ megabytes }) => megabytes)),
      megabytesPerSecond: truth.bytes / 1e6 / seconds,
    }
  }
  const [mine, theirs, slow] = [side(crew), side(grep), jq.length > 0 ? side(jq) : null]
  return {
    bytes: truth.bytes,
    lines: truth.counts.lines,
    counted: truth,
    groundcrew: { ...mine, linesPerSecond: truth.counts.lines / mine.seconds },
    grep: theirs,
    jq: slow,
    overGrep: theirs.seconds / mine.seconds,
    overJq: slow && slow.seconds / mine.seconds,
  }
}

function megabytesAsked(): number {
  const asked = Number(process.env.BENCH_AUDIT_MB ?? 1024)
  if (Number.isInteger(asked) && asked > 0) return asked
  throw new UserError(`BENCH_AUDIT_MB is \`${process.env.BENCH_AUDIT_MB}\`; expected a whole number of megabytes.`)
}

function compareCounts(counted: unknown, truth: Truth['counts']): void {
  const sorted = (value: unknown) => JSON.stringify(value, (_, inner) => (isRecord(inner) ? byName(inner) : inner))
  if (sorted(counted) !== sorted(truth))
    throw new Error(`Wrong counts: ${sorted(counted)}; the file was made to have ${sorted(truth)}.`)
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const byName = (record: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => one.localeCompare(other)))

async function isThere(program: string, signal: AbortSignal): Promise<boolean> {
  return run([program, '--version'], signal).then(
    () => true,
    () => false,
  )
}

/** A program to its end, on one core where that can be had. */
async function run(command: readonly string[], signal: AbortSignal): Promise<Ran> {
  signal.throwIfAborted()
  const [file = '', ...args] = process.platform === 'linux' ? ['taskset', '-c', '0', ...command] : command
  const began = performance.now()
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], signal })
  let [out, megabytes] = ['', 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const watch = setInterval(() => {
    megabytes = Math.max(megabytes, peakMegabytes(child.pid ?? 0) ?? 0)
  }, 20)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child
    .on('error', reject)
    .on('close', (code) => (code === 0 ? resolve(performance.now() - began) : reject(failed(command, code))))
  const ms = await promise.finally(() => clearInterval(watch))
  return { ms, megabytes, out }
}

const failed = ([program = '']: readonly string[], code: number | null) => new Error(`${program} ended with ${code}.`)

export function auditReport({ bytes, lines, groundcrew, grep, jq, overGrep, overJq }: Audit): string {
  const row = (name: string, side: Side, ratio: string) => [
    name,
    side.seconds.toFixed(2),
    side.megabytesPerSecond.toFixed(0),
    (lines / side.seconds / 1000).toFixed(0),
    side.megabytes.toFixed(0),
    ratio,
  ]
  return table([
    [
      `${(bytes / 1e6).toFixed(0)} MB, ${lines} lines, all counters right`,
      's',
      'MB/s',
      '1,000 lines/s',
      'MB of memory',
      'ours over it',
    ],
    row('crew check vault-audit', groundcrew, ''),
    row('grep -c (counts otherwise)', grep, `${overGrep.toFixed(2)}x`),
    ...(jq ? [row('jq (counts otherwise)', jq, `${(overJq ?? 0).toFixed(1)}x`)] : []),
  ])
}
