import type { AlertSettings, AlertTest, CheckRow, DatacenterView, Trouble } from '../alert.ts'
import { delayOf, type Target } from './target.ts'

/** What is known of one check now. `frozen`: nothing new is known, and what was known stays for the moment. */
export type Signal =
  | { readonly is: 'bad'; readonly row: CheckRow; readonly target: Target | null; readonly maintenance: string | null }
  | { readonly is: 'ok'; readonly row: CheckRow | null }
  | { readonly is: 'gone' }
  /** `wide`: a whole datacenter is hidden, which is told once and not in every group. */
  | { readonly is: 'unknown'; readonly why: string; readonly wide: boolean }
  | { readonly is: 'frozen' }
  /** Nobody watches it any more. */
  | { readonly is: 'dropped'; readonly why: string }

/** What is seen, and what is known besides. */
export type Observed = {
  readonly settings: AlertSettings
  readonly agent: Trouble | null
  readonly datacenters: ReadonlyMap<string, DatacenterView>
  /** Names of all datacenters that are watched; null while that is not known. */
  readonly watched: readonly string[] | null
  /** Monitors that were seen once: one of them that is gone is nobody who watches. */
  readonly monitors: readonly CheckRow[]
  readonly tests: readonly AlertTest[]
  readonly now: number
}

/** Why nothing of a datacenter can be judged now: for a moment it stays as it was, then it is unknown. */
export function hidden(observed: Observed, view: DatacenterView): Signal | null {
  const trouble = observed.agent ?? view.trouble
  // What a token may see is true all the same.
  if (trouble && trouble.kind !== 'filtered') return unseen(observed, trouble)
  return view.at === null ? { is: 'frozen' } : null
}

export function unseen({ settings, now }: Observed, { since, why }: Trouble): Signal {
  return now - since < delayOf(settings.blind.after) ? { is: 'frozen' } : { is: 'unknown', why, wide: true }
}
