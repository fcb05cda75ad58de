import { setTimeout as sleep } from 'node:timers/promises'
import type { Head } from '../../engine/audit/chain.ts'
import { firstsOf, knownTo, linesOfFile, linesOfStream } from '../../engine/audit/lines.ts'
import { readHead } from '../../engine/audit/stream.ts'
import type { Problem, Verdict } from '../../engine/audit/verify.ts'
import { verify } from '../../engine/audit/verify.ts'
import { UserError } from '../../errors.ts'
import { withRedis } from '../redis.ts'
import type { Ended, Given } from '../verb.ts'
import { usageOf } from '../verbs.ts'
import type { Place, Store } from './place.ts'
import { flagsIn, placeOf, unreadable } from './place.ts'

type Report = { readonly where: string; readonly verdict: Verdict; readonly head: Head | null }

const MOST_SHOWN = 20
/** What was appended a moment ago may not be in the file yet: only a tail that stays away is a cut one. */
const LOOKS = 4
const LOOK_EVERY_MS = 600

/** Exit code 0: the chain is whole. 1: it is not, and every line that is wrong is named, or it could not be read. */
export async function verifyAudit(given: Given, words: readonly string[]): Promise<Ended> {
  const place = placeOf(given, flagsIn(words, ['file']).file)
  const { file, redisUrl, keys } = place
  if (!file && !redisUrl)
    throw new UserError(`There is nothing to verify: set REDIS_URL, or name a file.\n${usageOf('audit')}`)
  const refusal = file ? await unreadable(file) : null
  if (refusal) return { err: refusal, code: 1 }
  if (redisUrl) return withRedis(redisUrl, async (redis) => ended(given, await reportsOf({ redis, keys }, place)))
  const verdict = await verify(linesOfFile(file ?? ''), { hashOf: () => undefined, firsts: [1], head: null })
  return ended(given, [{ where: file ?? '', verdict, head: null }])
}

async function reportsOf(store: Store, { file, name }: Place): Promise<Report[]> {
  const stream = await ofStream(store)
  return file ? [await ofFile(store, file, name), stream] : [stream]
}

async function ofFile(store: Store, file: string, name: string): Promise<Report> {
  for (let look = 1; ; look++) {
    const report = await lookAt(store, file, name)
    const { problems } = report.verdict
    if (look === LOOKS || problems.length === 0 || problems.some(({ how }) => how !== 'cut')) return report
    await sleep(LOOK_EVERY_MS)
  }
}

async function lookAt({ redis, keys }: Store, file: string, name: string): Promise<Report> {
  const { head, hashes } = await knownTo(redis, keys)
  const firsts = await firstsOf(redis, keys, name)
  const verdict = await verify(linesOfFile(file), { hashOf: (seq) => hashes.get(seq), firsts, head })
  const { seq } = await readHead(redis, keys)
  if (verdict.last <= seq) return { where: file, verdict, head }
  const text = `entry ${seq + 1} stands behind Redis's head, which is entry ${seq}`
  const problem: Problem = { line: verdict.lines - (verdict.last - seq) + 1, how: 'inserted', text }
  return { where: file, verdict: { ...verdict, problems: [...verdict.problems, problem] }, head }
}

/** What Redis has of the chain must be whole too; older lines are in the files alone. */
async function ofStream({ redis, keys }: Store): Promise<Report> {
  const { head, start } = await knownTo(redis, keys)
  const lines = upTo(head, linesOfStream(redis, keys))
  return { where: 'Redis', verdict: await verify(lines, { hashOf: () => undefined, firsts: [start], head }), head }
}

async function* upTo(head: Head, lines: ReturnType<typeof linesOfStream>) {
  for await (const line of lines) if (line.seq <= head.seq) yield line
}

function ended({ options }: Given, reports: readonly Report[]): Ended {
  const whole = reports.every(({ verdict }) => verdict.problems.length === 0)
  const code = whole ? 0 : 1
  if (options.json) return { out: JSON.stringify({ whole, reports }, undefined, 2), code }
  const unseen = reports.some(({ head }) => head === null)
    ? { err: 'REDIS_URL is not set, so that a tail that was cut off could not be seen.' }
    : {}
  return { out: reports.map(textOf).join('\n'), ...unseen, code }
}

function textOf({ where, verdict, head }: Report): string {
  const { lines, first, last, problems } = verdict
  if (problems.length === 0) {
    const range = first === null ? 'no lines yet' : `${lines} lines, entries ${first} to ${last}`
    const agrees = head === null ? '' : `; it ends with the head that Redis keeps (${head.hash.slice(0, 12)})`
    return `${where}: the chain is whole: ${range}${agrees}.`
  }
  const shown = problems.slice(0, MOST_SHOWN).map(problemText)
  const more = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : []
  return [`${where}: the chain is BROKEN, ${problems.length} found:`, ...shown, ...more].join('\n')
}

function problemText({ line, how, text }: Problem): string {
  return `  ${how === 'cut' ? 'after line' : 'line'} ${line}: ${how}: ${text}`
}
