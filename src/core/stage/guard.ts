import type { Actor } from '../actor.ts'
import type { Window } from '../window.ts'

/** On a stage that changes its environment: the windows in which it may begin, as they were when it was planned. None: at any time but in a freeze. */
export type Guard = { readonly windows: readonly Window[] }

/** Why it may not begin now, and when that is looked at again. `text` has no full stop. */
export type Held = { readonly by: 'window' | 'freeze'; readonly until: number; readonly text: string }

/** Somebody let it begin all the same; `rule` is the one that allows it. */
export type Override = { readonly by: Actor; readonly at: number; readonly why: string; readonly rule: string }
