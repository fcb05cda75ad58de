import { nameOf } from '../actor.ts'
import type { AlertGroup, AlertNote } from '../alert.ts'
import { shown } from '../text.ts'
import { atText } from './describe.ts'

const WORDS: Readonly<Record<AlertNote['what'], string>> = {
  raised: 'fires',
  again: 'fires again',
  resolved: 'resolved',
  changed: 'changed its status',
  moved: 'goes on elsewhere',
  vanished: 'gone from Consul',
  returned: 'is back in Consul',
  unknown: 'not known any more',
  known: 'known again',
  flapping: 'flaps',
  steady: 'flaps no more',
  acknowledged: 'acknowledged',
  lapsed: 'the acknowledgement lapsed',
  silenced: 'silenced',
  'silence-ends': 'the silence ends soon',
  'silence-ended': 'the silence ended, and it still fires',
  maintenance: 'in maintenance',
  'maintenance-ended': 'maintenance is over',
  reminder: 'reminder',
  escalated: 'escalated',
  closed: 'closed',
}

const MOST_ITEMS = 3

/** The history of a group as its thread told it, the oldest first. */
export function noteLines({ notes, noted }: AlertGroup, now: number): string[] {
  if (notes.length === 0) return []
  const left = noted - notes.length
  return [
    left > 0 ? `History, without the first ${left}:` : 'History:',
    ...notes.map((note) => `   ${noteLine(note, now)}`),
  ]
}

function noteLine({ at, what, items, by, until, why, unwatchedSince }: AlertNote, now: number): string {
  const some = items
    .slice(0, MOST_ITEMS)
    .map(({ label, text }) => `${shown(label, 150)}${text ? ` ${shown(text)}` : ''}`)
  const more = items.length > MOST_ITEMS ? [`+${items.length - MOST_ITEMS} more`] : []
  const parts = [
    ...(by ? [`by ${nameOf(by)}`] : []),
    ...(until === undefined ? [] : [`until ${atText(until, now)}`]),
    ...(why ? [shown(why, 300)] : []),
    ...some,
    ...more,
    ...(unwatchedSince === undefined ? [] : [`seen late: nobody watched since ${atText(unwatchedSince, now)}`]),
  ]
  return `${atText(at, now)} *${WORDS[what]}*${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`
}
