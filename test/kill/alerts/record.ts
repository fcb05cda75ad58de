import type { CheckStatus } from '../../../src/core/alert.ts'

/** What a check may be in truth; `gone`: Consul was told to forget it. */
export type State = CheckStatus | 'gone'

/** While a change is under way any of `states` may be so; `done` is null until Consul said that it is done. */
type Change = { readonly at: number; readonly to: State; readonly states: readonly State[]; done: number | null }

export type Episode = { readonly state: State; readonly from: number }

export type Truth = ReturnType<typeof createRecord>

/** What the driver did to each check, and when: the truth that Slack is compared with. Times are milliseconds since 1970. */
export function createRecord(checks: readonly string[], begun: number) {
  const changes = new Map<string, Change[]>(
    checks.map((check) => [check, [{ at: begun, to: 'gone', states: ['gone'], done: begun }]]),
  )
  const of = (check: string) => changes.get(check) ?? []
  const now = (check: string): State => of(check).at(-1)?.to ?? 'gone'

  return {
    checks,
    now,
    count: () => [...changes.values()].reduce((sum, each) => sum + each.length - 1, 0),
    /** The latest changes of each check, for a report. */
    lines: () =>
      [...changes].map(([check, all]) => {
        const said = all
          .slice(-12)
          .map(({ at, done, to }) => `${to} ${clock(at)}..${done === null ? '?' : clock(done)}`)
        return `${check}: ${said.join(', ')}`
      }),
    /** Of the latest change; null while it is under way. */
    settledAt: (check: string): number | null => of(check).at(-1)?.done ?? null,
    /** `besides`: what Consul may make of it on the way. */
    begin(check: string, to: State, besides: readonly State[] = []): () => void {
      const change: Change = { at: Date.now(), to, states: [now(check), to, ...besides], done: null }
      changes.set(check, [...of(check), change])
      return () => {
        change.done = Date.now()
      }
    },
    /** Whether it may have been in one of these states at some time between the two. */
    wasAny(check: string, states: readonly State[], from: number, to: number): boolean {
      return of(check).some((change, at, all) => {
        const underWay = change.at <= to && (change.done ?? Number.POSITIVE_INFINITY) >= from
        const next = all[at + 1]?.at ?? Number.POSITIVE_INFINITY
        const stood = change.done !== null && change.done <= to && next >= from
        return (
          (underWay && change.states.some((state) => states.includes(state))) || (stood && states.includes(change.to))
        )
      })
    },
    /** The latest stretch before a time in which it was bad in one way, across times in which it was gone; null before the first. */
    episode(check: string, status: readonly State[], at: number): Episode | null {
      let found = null as Episode | null
      for (const change of of(check)) {
        if (change.at > at) break
        const bad = status.includes(change.to)
        if (change.to === 'gone') continue
        if (!bad) found = found && { ...found, state: 'passing' }
        else if (!found || found.state === 'passing' || found.state !== change.to) {
          found = { state: change.to, from: change.at }
        }
      }
      return found
    },
  }
}

export const clock = (at: number) => new Date(at).toISOString().slice(14, 23)
