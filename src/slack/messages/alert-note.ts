import { nameOf } from '../../core/actor.ts'
import { minutesText } from '../../core/alert/details.ts'
import { LEFT } from '../../core/alert/drafts.ts'
import type { AlertGroup, AlertNote, NoteItem } from '../../core/alert.ts'
import type { Message } from '../limits.ts'
import { detailLines } from './alert-details.ts'
import { within } from './alert-lines.ts'
import { clockOf, countsText, headline, mentionsText, saidText } from './alert-words.ts'
import { context, finished, section } from './blocks.ts'
import { code, people } from './text.ts'
import { unbold } from './view.ts'

const TITLES: Readonly<Record<AlertNote['what'], string>> = {
  raised: '🚨 *New*',
  again: '🔁 *Fires again*',
  resolved: '✅ *Resolved*',
  changed: '✏️ *Changed*',
  moved: '↪️ *Moved*',
  vanished: '👻 *Vanished*',
  returned: '↩️ *Back*',
  unknown: '❓ *Unknown*',
  known: '👁️ *Known again*',
  flapping: '〰️ *Flapping*',
  steady: '➖ *Steady again*',
  acknowledged: '👀 *Acknowledged*',
  lapsed: '⏰ *Acknowledgement is over*',
  silenced: '🔕 *Silenced*',
  'silence-ends': '⏳ *Silence ends soon*',
  'silence-ended': '🔔 *Silence ended*',
  maintenance: '🔧 *In maintenance*',
  'maintenance-ended': '🔔 *Maintenance ended*',
  reminder: '⏰ *Reminder*',
  escalated: '📣 *Escalated*',
  closed: '☑️ *Closed*',
}

/** What it means, where the word alone does not say it. */
const MEANINGS: Readonly<Partial<Record<AlertNote['what'], string>>> = {
  vanished: 'Gone from Consul; nobody knows how it ended. That is not a recovery.',
  unknown: 'Whether it still fires cannot be said now.',
  flapping: 'It comes and goes; until it is steady that is not told each time.',
  lapsed: 'It still fires, and nobody looks after it.',
  'silence-ends': 'It still fires; whoever wants it to stay silent silences it anew.',
  'silence-ended': 'It still fires.',
  'maintenance-ended': 'It still fires.',
  reminder: 'It still fires, and nobody has acknowledged it.',
  escalated: 'Nobody has acknowledged it.',
}

const MOST_ITEMS = 12
const ITEMS_ROOM = 2_600
const MOST_DETAILED = 3

/** One reply in the thread of a group: what changed, for which checks, with the figures of that moment. */
export function alertNoteMessage(group: AlertGroup, note: AlertNote): Message {
  const { id, version } = group
  const called = mentionsText(note.mention)
  const first = firstLine(group, note)
  const meaning = MEANINGS[note.what]
  const lines = itemLines(note.items)
  const blocks = [
    section(first, ...(called ? [called] : []), ...unwatchedLines(group, note), ...(meaning ? [meaning] : [])),
    ...(lines.length > 0 ? [section(...lines)] : []),
    ...note.items
      .filter(({ details }) => details)
      .slice(0, MOST_DETAILED)
      .flatMap((item) => detailsOf(item, group, note.items.length > 1)),
    context(`Now: ${countsText(group.alerts)}`),
  ]
  const text = [`${unbold(first)}, ${unbold(headline(group))}`, called].filter(Boolean).join(' ')
  return finished(
    { text, blocks },
    { first: `alert-note-${id}-${note.n}-v${version}`, prefix: `an-${id}-${note.n}-${version}` },
  )
}

/** What ended, or is about to, is of somebody; everything else is done by somebody. */
const OF: readonly AlertNote['what'][] = ['lapsed', 'silence-ends', 'silence-ended']

/** What happened, to how many, when, by whom, until when and why. */
function firstLine(group: AlertGroup, note: AlertNote): string {
  const { what, at, by, until } = note
  const clock = clockOf(group)
  const who = by ? ` ${OF.includes(what) ? 'of' : 'by'} ${people(nameOf(by))}` : ''
  const then = until === undefined ? '' : `, until ${clock(until)}`
  return `${TITLES[what]}${manyText(note.items)}${who} at ${clock(at)}${then}${whyText(note)}`
}

function whyText({ what, why }: AlertNote): string {
  if (!why) return ''
  if (what === 'escalated') return `, told in the channel ${code(why)}`
  if (what === 'silence-ends') return ` (silence ${code(why)})`
  return `: ${code(why, 300)}`
}

function countOf(items: readonly NoteItem[]): number {
  return items.reduce((sum, { label }) => sum + Number(LEFT.exec(label)?.[1] ?? 1), 0)
}

function manyText(items: readonly NoteItem[]): string {
  const count = countOf(items)
  return count > 0 ? `: ${count} ${count === 1 ? 'check' : 'checks'}` : ''
}

/** What was found later than it happened says so: nobody takes it for news of this minute. */
function unwatchedLines(group: AlertGroup, { unwatchedSince, at }: AlertNote): string[] {
  if (unwatchedSince === undefined) return []
  const clock = clockOf(group)
  return [`Nobody watched from ${clock(unwatchedSince)} to ${clock(at)}; it happened some time in between.`]
}

function itemLines(items: readonly NoteItem[]): string[] {
  const kept = items.filter(({ label }) => !LEFT.test(label))
  const first = kept.slice(0, MOST_ITEMS)
  return within(first.map(itemLine), { most: MOST_ITEMS, room: ITEMS_ROOM, beyond: countOf(items) - first.length })
}

function itemLine({ label, text }: NoteItem): string {
  return `• ${code(label, 120)}${text.trim() ? `: ${saidText(text, 200)}` : ''}`
}

/** Named where there are several: the line above names the only one. */
function detailsOf({ label, details }: NoteItem, group: AlertGroup, isNamed: boolean) {
  const lines = details ? detailLines(details, clockOf(group), true) : []
  return lines.length > 0 ? [section(...(isNamed ? [`${code(label, 120)}:`] : []), ...lines)] : []
}

/** The picture of the last hour that belongs to a note, and the same in words; null where the note has no figures for one. */
export function pictureOf({ rule, dc }: AlertGroup, { items }: AlertNote) {
  const audits = items.flatMap(({ details }) => (details?.kind === 'vault-audit' ? [details] : []))
  const found = audits.find(({ minutes }) => minutes.some((count) => count > 0))
  if (!found) return null
  const { minutes, at } = found
  const title = 'Denied requests in each minute of the last hour'
  return {
    chart: {
      title,
      subtitle: `${rule} in ${dc}, ${minutes.reduce((sum, count) => sum + count, 0)} in all`,
      minutes,
      endsAt: at,
    },
    words: minutesText({ title: 'denied requests', minutes }),
  }
}
