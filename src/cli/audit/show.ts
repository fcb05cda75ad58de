import type { AuditLine, AuditQuery } from '../../core/audit.ts'
import { auditText, isAskedFor } from '../../core/audit.ts'
import { milliseconds } from '../../core/duration.ts'
import { shown } from '../../core/text.ts'
import { readLine } from '../../engine/audit/chain.ts'
import { linesOfFile } from '../../engine/audit/lines.ts'
import { findLines } from '../../engine/audit/stream.ts'
import { UserError } from '../../errors.ts'
import { clean } from '../../slack/limits.ts'
import { withRedis } from '../redis.ts'
import type { Ended, Given } from '../verb.ts'
import { usageOf } from '../verbs.ts'
import { flagsIn, placeOf, unreadable } from './place.ts'

/** The lines that fit, oldest first: from a file that is named, or else from Redis. With `--json` as they stand in the chain. */
export async function showAudit(given: Given, words: readonly string[]): Promise<Ended> {
  const { file: named, ...flags } = flagsIn(words, ['file', 'who', 'env', 'run', 'since', 'limit'])
  const query = queryOf(flags)
  const { file, redisUrl, keys } = placeOf(given, named)
  const refusal = named && file ? await unreadable(file) : null
  if (refusal) return { err: refusal, code: 1 }
  if (named && file) return ended(given, await inFile(file, query))
  if (!redisUrl) throw new UserError(`REDIS_URL is not set; name a file.\n${usageOf('audit')}`)
  return withRedis(redisUrl, async (redis) => ended(given, (await findLines(redis, keys, query)).toReversed()))
}

function ended({ options }: Given, lines: readonly AuditLine[]): Ended {
  if (options.json) return { out: lines.map((line) => JSON.stringify(line)).join('\n'), code: 0 }
  const texts = lines.map((line) => clean(auditText(line, (id) => id)).replaceAll(/[`*]/g, ''))
  return { out: texts.join('\n') || 'Nothing fits.', code: 0 }
}

async function inFile(file: string, query: AuditQuery): Promise<AuditLine[]> {
  const found: AuditLine[] = []
  for await (const { text } of linesOfFile(file)) {
    const line = readLine(text)
    if (line && isAskedFor(line, query)) found.push(line)
    if (found.length > query.limit) found.shift()
  }
  return found
}

function queryOf({
  who,
  env,
  run,
  since,
  limit = '50',
}: { [name in 'who' | 'env' | 'run' | 'since' | 'limit']?: string }): AuditQuery {
  if (!/^[1-9]\d{0,5}$/.test(limit))
    throw new UserError(`\`--limit\` is ${shown(limit)}; expected a whole number from 1 to 999999.`)
  return {
    limit: Number(limit),
    ...(who ? { who: who.replace(/^@/, '') } : {}),
    ...(env ? { environment: env } : {}),
    ...(run ? { execution: run } : {}),
    ...(since ? { since: Date.now() - milliseconds(since) } : {}),
  }
}
