import { milliseconds } from '../core/duration.ts'
import type { Expiring, TokenExpirySettings } from '../core/monitors.ts'
import { isInVault } from '../core/monitors.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Canary } from './canary.ts'
import { paused } from './pause.ts'
import type { Report } from './report.ts'
import type { Verdict } from './token-expiry/expiry.ts'
import { maxTtlOf, verdictOf } from './token-expiry/expiry.ts'
import type { Sources } from './token-expiry/read.ts'
import { readLifetime } from './token-expiry/read.ts'

export type Watch = Omit<Sources, 'maxTtlMs'> & {
  readonly log: Log
  readonly report: Pick<Report, 'say'>
  readonly now: () => number
  /** Told of every round that Vault answered. */
  readonly canary?: Pick<Canary, 'asked'> | undefined
}

/** What is said of one entry; never an accessor. */
export type Told = Verdict & {
  readonly name: string
  readonly owner: string
  readonly runbook: string | null
  readonly renewal: string | null
}

export type TokenExpiry = {
  round(): Promise<void>
  details(): { readonly at: number | null; readonly entries: readonly Told[] }
  run(signal: AbortSignal): Promise<void>
}

const LONGEST_OUTPUT = 2000
const RANK: readonly Verdict['status'][] = ['critical', 'warning', 'passing']

/** Looks at every entry of a list now and then, one after the other: each look writes two lines to Vault's audit. */
export function createTokenExpiry(settings: TokenExpirySettings, watch: Watch): TokenExpiry {
  const { report, now, log } = watch
  const sources: Sources = { ...watch, maxTtlMs: maxTtlOf(settings) }
  let told: readonly Told[] = []
  let at: number | null = null
  /** Vault answered in this round, so that it wrote to its audit file. */
  let answered = false

  async function look(entry: Expiring): Promise<Told> {
    const life = await readLifetime(entry, sources)
    if (isInVault(entry) && life.kind !== 'unread') answered = true
    const first = verdictOf(life, settings, now())
    const renewal = first.status === 'passing' || first.at === null ? null : await renew(entry)
    const verdict = renewal === 'renewed' ? verdictOf(await readLifetime(entry, sources), settings, now()) : first
    return { ...verdict, name: entry.name, owner: entry.owner, runbook: entry.runbook ?? null, renewal }
  }

  async function renew(entry: Expiring): Promise<string | null> {
    if (entry.kind !== 'vault_token' || !entry.renew) return null
    try {
      const renewed = await watch.vault?.ask('POST', 'auth/token/renew-accessor', { accessor: entry.accessor })
      log.info({ entry: entry.name, renewed: Boolean(renewed) }, 'token renewal')
      return renewed ? 'renewed' : 'the monitor may not renew it'
    } catch (error) {
      log.warn({ entry: entry.name, error: messageOf(error).replaceAll(entry.accessor, '...') }, 'token not renewed')
      return 'the renewal failed'
    }
  }

  async function round(): Promise<void> {
    const looked: Told[] = []
    answered = false
    for (const entry of settings.entries) looked.push(await look(entry))
    told = looked.toSorted((one, other) => RANK.indexOf(one.status) - RANK.indexOf(other.status))
    at = now()
    report.say(told[0]?.status ?? 'passing', outputOf(told))
    if (answered && watch.canary) watch.canary.asked(await isActive())
  }

  /** Of one that does not say it is active, no line can be expected. */
  async function isActive(): Promise<boolean> {
    try {
      return (await watch.vault?.isActive()) ?? false
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'Vault does not say whether it is active')
      return false
    }
  }

  return {
    round,
    details: () => ({ at, entries: told }),
    async run(signal) {
      while (!signal.aborted) {
        await round()
        await paused(milliseconds(settings.every), signal)
      }
    },
  }
}

/** The worst first; what does not fit is only counted. */
function outputOf(told: readonly Told[]): string {
  const count = (status: Verdict['status']) => told.filter((each) => each.status === status).length
  const lines = [`${count('critical')} critical, ${count('warning')} warning, ${count('passing')} passing`]
  let length = Buffer.byteLength(lines[0] ?? '')
  for (const [index, { name, status, text, owner, renewal }] of told.entries()) {
    const line = `${status}: ${name} ${text}${renewal ? ` (${renewal})` : ''}; owner ${owner}`
    length += Buffer.byteLength(line) + 1
    if (length > LONGEST_OUTPUT - 40) return [...lines, `and ${told.length - index} more`].join('\n')
    lines.push(line)
  }
  return lines.join('\n')
}
