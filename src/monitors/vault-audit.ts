import { milliseconds } from '../core/duration.ts'
import type { VaultAuditSettings } from '../core/monitors.ts'
import { withoutTokens } from '../core/vault-token.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { createFollower } from '../tools/tail/follow.ts'
import { createHints } from '../tools/tail/hints.ts'
import type { Canary } from './canary.ts'
import type { Report } from './report.ts'
import { createCounter } from './vault-audit/count.ts'
import type { Finding } from './vault-audit/judge.ts'
import { SEEN_AT_LEAST } from './vault-audit/seen.ts'
import { cutPath, statusOf } from './vault-audit/status.ts'
import { createStore } from './vault-audit/store.ts'
import type { View } from './vault-audit/windows.ts'
import { createWindows } from './vault-audit/windows.ts'

export type Watch = {
  readonly log: Log
  readonly report: Pick<Report, 'say'>
  readonly now: () => number
  /** Where the Vault of this host is asked something besides. */
  readonly canary?: Pick<Canary, 'read' | 'trouble'> | undefined
}

/** Findings of a time when nobody watched, too old for any window: told as one summary, never as an alarm. */
export type Replayed = { readonly findings: number; readonly from: number | null; readonly until: number | null }

export type Details = {
  readonly status: string
  readonly at: number
  readonly windows: Readonly<Record<'1m' | '5m' | '60m', View>>
  /** Denied requests of each of the last 60 minutes, the oldest first. */
  readonly minutes: readonly number[]
  readonly since: {
    readonly lines: number
    readonly denied: number
    readonly excluded: number
    readonly unparsable: number
    readonly oversize: number
    readonly lost: number
  }
  readonly replayed: Replayed
}

export type VaultAudit = {
  /** One round: reads what is new, remembers how far, judges and reports. */
  round(): Promise<void>
  details(): Details
  run(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

const WINDOWS = { '1m': 60_000, '5m': 300_000, '60m': 3_600_000 } as const

/** Follows one audit file. Throws a `UserError` when its state file is not its own. */
export async function createVaultAudit(settings: VaultAuditSettings, watch: Watch): Promise<VaultAudit> {
  const { log, report, now, canary } = watch
  const store = createStore(settings.state, log)
  const before = await store.read()
  const windows = createWindows(before.kept)
  let replayed: { findings: number; from: number | null; until: number | null } = {
    findings: 0,
    from: null,
    until: null,
  }
  let [lost, told, status] = [0, 0, 'passing']
  let jsonxAt = Number.NEGATIVE_INFINITY
  const counter = createCounter({
    exclude: settings.exclude.map(withoutUndefined),
    hmacs: settings.failed_login_hmacs,
    prefix: settings.prefix,
    remember: SEEN_AT_LEAST,
    onFinding: (finding) => {
      const path = cutPath(withoutTokens(finding.path), settings.path_segments)
      const cut = { ...finding, path, principal: withoutTokens(finding.principal) }
      if (!windows.add(cut, now())) replayed = later(replayed, finding)
    },
  })
  const follower = createFollower(settings.file, counter, before.positions)

  async function read(): Promise<string | undefined> {
    const before = counter.counts()
    const looked = await follower.look().catch((error: unknown) => ({ error: messageOf(error) }))
    const after = counter.counts()
    const unreadable = after.unparsable + after.oversize - before.unparsable - before.oversize
    windows.read(after.lines - before.lines, unreadable, now())
    canary?.read(after.lines - before.lines)
    await store.save(await follower.positions(), windows.kept(now()))
    if ('error' in looked) return `the audit file cannot be read: ${looked.error}`
    if (looked.lost > 0) {
      lost += looked.lost
      log.warn(
        { file: settings.file, times: looked.lost },
        'lines lost: the file was removed, compressed or cut before it was read',
      )
    }
    if (after.jsonx > before.jsonx) jsonxAt = now()
    if (now() - jsonxAt < WINDOWS['5m'])
      return 'the audit device writes JSONx, which nobody here reads: enable it with format=json'
    return looked.there ? canary?.trouble() : 'the audit file is not there'
  }

  const view = (ms: number) => windows.view(ms, now())

  async function round(): Promise<void> {
    const trouble = await read()
    if (replayed.findings > told) {
      log.warn({ ...replayed }, 'findings older than an hour were replayed; they raise no alarm')
      told = replayed.findings
    }
    const said = statusOf({ thresholds: settings.thresholds, view: remembered(view), trouble })
    status = said.status
    report.say(said.status, [said.output, ...notes()].join('\n'))
  }

  function notes(): string[] {
    const { findings, from, until } = replayed
    const at = (time: number | null) => (time === null ? '?' : new Date(time).toISOString())
    return [
      ...(store.isFailing() ? ['The state cannot be stored: after a restart lines may be read twice.'] : []),
      ...(findings > 0 ? [`Replayed after a pause, no alarm: ${findings} from ${at(from)} to ${at(until)}.`] : []),
    ]
  }

  return {
    round,
    details() {
      const { lines, denied, excluded, unparsable, oversize } = counter.counts()
      const all = Object.fromEntries(Object.entries(WINDOWS).map(([name, ms]) => [name, view(ms)]))
      const since = { lines, denied, excluded, unparsable, oversize, lost }
      const [windowed, minutes] = [all as Details['windows'], windows.minutes(now())]
      return { status, at: now(), windows: windowed, minutes, since, replayed }
    },
    async run(signal) {
      const hints = createHints(settings.file)
      while (!signal.aborted) {
        await round()
        await hints.wait(milliseconds(settings.poll), signal)
      }
      hints.stop()
    },
    close: () => follower.close(),
  }
}

/** Each window is summed up once a round, however many thresholds look at it. */
function remembered(view: (ms: number) => View): (ms: number) => View {
  const views = new Map<number, View>()
  return (ms) => {
    const known = views.get(ms) ?? view(ms)
    views.set(ms, known)
    return known
  }
}

function later(replayed: Replayed, { time }: Finding): Replayed {
  const { findings, from, until } = replayed
  if (time === undefined) return { findings: findings + 1, from, until }
  return { findings: findings + 1, from: Math.min(from ?? time, time), until: Math.max(until ?? time, time) }
}

type Given = VaultAuditSettings['exclude'][number]
/** A field that is not given fits everybody; one that is `undefined` would be compared. */
const withoutUndefined = (principal: Given) =>
  Object.fromEntries(Object.entries(principal).filter(([, value]) => value !== undefined))
