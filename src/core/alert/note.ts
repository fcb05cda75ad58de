import type { Actor } from '../actor.ts'
import type { AlertDetails } from '../alert.ts'

/** What changed, as its thread tells it. `items` names the alerts it is about, with a word on each. */
export type AlertNote = {
  readonly n: number
  readonly at: number
  readonly what:
    | 'raised'
    | 'again'
    | 'resolved'
    | 'changed'
    | 'moved'
    | 'vanished'
    | 'returned'
    | 'unknown'
    | 'known'
    | 'flapping'
    | 'steady'
    | 'acknowledged'
    | 'lapsed'
    | 'silenced'
    | 'silence-ends'
    | 'silence-ended'
    | 'maintenance'
    | 'maintenance-ended'
    | 'reminder'
    | 'escalated'
    | 'closed'
  readonly items: readonly NoteItem[]
  readonly by?: Actor
  readonly until?: number
  readonly why?: string
  /** Whom it calls: as the rule says, or the giver of a silence. */
  readonly mention: readonly string[]
  /** It is told of a time at which nobody watched: since then. */
  readonly unwatchedSince?: number
}

/** A note before it has its number. */
export type AlertDraft = Omit<AlertNote, 'n' | 'at' | 'mention'> & { readonly mention?: readonly string[] }

export type NoteItem = { readonly label: string; readonly text: string; readonly details?: AlertDetails }
