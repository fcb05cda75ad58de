import type { AlertGroup, Matchers, Silence } from '../alert.ts'

/** How long, and why. `for` is a duration. */
export type Mute = { readonly for?: string | undefined; readonly why: string }

/** What is watched now, by whom, and how fresh it is. Times are milliseconds since 1970; null: never. */
export type Watched = {
  readonly by: string | null
  readonly at: number | null
  readonly datacenters: readonly {
    readonly dc: string
    readonly at: number | null
    readonly checks: number
    readonly trouble: string | null
  }[]
}

/** What people may see and do of alerts. Every deed checks again, changes once for each request, and gives what to say. */
export type AlertAnswers = {
  /** Open ones, the worst first; with `all` also the latest that are over. */
  list(options: { all: boolean }): Promise<AlertGroup[]>
  /** By its id or a beginning of it. Throws a `UserError` with near ones. */
  find(id: string): Promise<AlertGroup>
  acknowledge(id: string, mute: Partial<Mute>): Promise<string>
  /** A group by its id, or whatever fits. */
  silence(what: string | Matchers, mute: Mute): Promise<string>
  unsilence(id: string): Promise<string>
  silences(): Promise<Silence[]>
  /** Ends what vanished and nobody expects back. */
  close(id: string, why: string): Promise<string>
  test(rule: string, options: { status: 'warning' | 'critical'; for: string }): Promise<string>
  watched(): Promise<Watched>
}
