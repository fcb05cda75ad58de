import { parseArgs } from 'node:util'
import { messageOf, UserError } from '../../errors.ts'
import type { Counts } from '../../monitors/vault-audit/count.ts'
import { createCounter } from '../../monitors/vault-audit/count.ts'
import { readWholeFile } from '../../tools/tail.ts'
import { fileFor } from '../file.ts'
import type { Ended, Given } from '../verb.ts'
import { usageOf } from '../verbs.ts'
import { excludedIn } from './exclude.ts'
import type { Verdict } from './verdict.ts'
import { thresholdsIn, verdictOf } from './verdict.ts'

/** Enough for every request of a big file: a pair that is torn further apart counts twice. */
const REMEMBER = 1_000_000

/**
 * Reads a whole audit file. With `--json` the counts, and 0 whenever the file could be read; else one line for people and the exit
 * code of a check script: 0 passing, 1 warning, 2 critical, which a file that cannot be read is too.
 */
export async function checkVaultAudit(given: Given, words: readonly string[]): Promise<Ended> {
  const flags = flagsIn(words)
  if (!flags.file) throw refused('Name the file of the audit device: `--file /var/log/vault/audit.log`')
  if (!flags.once)
    throw refused('Say `--once`: the whole file is read from its start, once. `npm run monitor` follows one')
  const thresholds = thresholdsIn(flags.warning, flags.critical)
  const counter = createCounter({
    exclude: excludedIn(flags.exclude),
    hmacs: flags['failed-login-hmac'],
    prefix: flags.prefix,
    remember: REMEMBER,
  })
  readWholeFile(fileFor(given.env, flags.file), counter)
  const counts = counter.counts()
  const verdict = verdictOf(counts, thresholds)
  if (!given.options.json) return { out: verdict.text, code: CODES[verdict.status] }
  return { out: JSON.stringify(shownCounts(counts)), ...(counts.jsonx > 0 ? { err: verdict.text } : {}), code: 0 }
}

const CODES: Readonly<Record<Verdict['status'], number>> = { passing: 0, warning: 1, critical: 2 }

function shownCounts(counts: Counts) {
  const { lines, denied, failedLogin, wrappingInvalid, unparsable, oversize, byClass } = counts
  return { lines, denied, failedLogin, wrappingInvalid, unparsable, oversize, byClass }
}

function flagsIn(words: readonly string[]) {
  const text = { type: 'string' } as const
  const list = { type: 'string', multiple: true, default: [] as string[] } as const
  const options = {
    file: text,
    once: { type: 'boolean', default: false },
    prefix: { type: 'string', default: '' },
    exclude: list,
    warning: list,
    critical: list,
    'failed-login-hmac': list,
  } as const
  try {
    return parseArgs({ args: [...words], options, strict: true }).values
  } catch (cause) {
    throw refused(messageOf(cause).split('. ')[0] ?? '', cause)
  }
}

const refused = (why: string, cause?: unknown) => new UserError(`${why}.\n${usageOf('check')}`, { cause })
