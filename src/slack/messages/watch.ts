import type { Button, KnownBlock } from '@slack/types'
import { nameOf } from '../../core/actor.ts'
import { sentence } from '../../core/consul/freshness.ts'
import { ICONS, sickFirst, states } from '../../core/consul/health.ts'
import type { ServiceWatch, WatchChange, WatchedInstance, WatchNote } from '../../core/consul/watch.ts'
import { clock, dayAndClock } from '../../core/judgment.ts'
import type { Message } from '../limits.ts'
import { actions, context, finished, listed, section } from './blocks.ts'
import { button } from './buttons.ts'
import { code, cut, people, plain } from './text.ts'
import { unbold } from './view.ts'

/** The opaque value of **Stop**: the watch, and nothing of what may be done. */
export function watchValue(id: string): string {
  return `consul-watch|${id}`
}

/** The watch of a click, where anything may stand; null for what is none of ours. */
export function readWatchValue(value: unknown): string | null {
  return /^consul-watch\|([a-z0-9]{1,40})$/.exec(String(value))?.[1] ?? null
}

/** Sick ones are listed, the others counted; a section has room for so many lines, each as long as it may be. */
const MOST_LISTED = 8
const LONGEST_LINE = 300

/** The one message of a watch: how the service stands now, since when and until when it is followed. */
export function watchMessage(watch: ServiceWatch): Message {
  const { id, version, service, dc, by, from, until, ended: end, told, notes } = watch
  const where = dc === null ? '' : ` in ${code(dc)}`
  const first = end
    ? `☑️ *Followed* ${code(service)}${where} from ${timeOf(from)} to ${timeOf(end.at)}${end.by ? `, ended by ${people(nameOf(end.by))}` : ''}`
    : `👁️ *Watching* ${code(service)}${where} until ${timeOf(until)}, for ${people(nameOf(by))}`
  const last = notes.at(-1)
  const changes =
    told === 0
      ? 'No change so far.'
      : `${told} ${told === 1 ? 'reply' : 'replies'} in the thread${last ? `, the last at ${timeOf(last.at)}` : ''}.`
  const blocks = [
    section(first, ...standing(watch)),
    ...sick(watch),
    context(changes),
    ...actions(end ? [] : [stopButton(watch)]),
  ]
  return finished(
    { text: unbold(first), blocks },
    { first: `consul-watch-${id}-v${version}`, prefix: `cw-${id}-${version}` },
  )
}

function stopButton({ id, service }: ServiceWatch): Button {
  return button('Stop', 'consul.watch.stop', {
    value: watchValue(id),
    about: `watching ${service.replace(/[^\w. -]/g, '?')}`,
  })
}

function standing({ looked, instances, blind, ended: end }: ServiceWatch): string[] {
  const away = blind.map(
    ({ dc, why, since }) =>
      `⚠️ ${code(dc)} cannot be asked since ${timeOf(since)}: ${plain(sentence(why))} What is said of it is from before.`,
  )
  if (looked === null) return [...away, end ? 'Nobody ever looked.' : 'The first look comes in a moment.']
  if (instances.length === 0)
    return [
      ...away,
      `⚪ It has no instance in ${looked.map((dc) => code(dc)).join(', ') || 'any datacenter that answered'}.`,
    ]
  const counts = states.flatMap((state) => {
    const those = instances.filter((each) => each.state === state).length
    return those > 0 ? [`${ICONS[state]} ${those} ${state}`] : []
  })
  return [...away, `${counts.join(', ')} of ${instances.length}`]
}

function sick({ instances }: ServiceWatch): KnownBlock[] {
  const those = instances.filter(({ state }) => state !== 'passing')
  const lines = sickFirst(those, (each) => ({ state: each.state, name: `${each.dc} ${each.id}` })).map((each) =>
    cut(`${ICONS[each.state]} ${nameOfInstance(each)}${saidOf(each)}`, LONGEST_LINE),
  )
  return lines.length > 0 ? [section(...listed(lines, MOST_LISTED))] : []
}

function nameOfInstance({ dc, node, place, id }: WatchedInstance): string {
  return `${code(place)} (${code(id)}) on ${code(node)} in ${code(dc)}`
}

const MOST_CHANGES = 8

/** One reply in the thread: what came, went and turned, as one look found it. */
export function watchNoteMessage(watch: ServiceWatch, note: WatchNote): Message {
  const lines = note.changes.map((change) => cut(changeLine(change), LONGEST_LINE))
  const missed = note.missed ? ['⏳ Nobody looked for a while. What is different now, in whatever order it came:'] : []
  const last = note.changes.some(({ what }) => what === 'over' || what === 'stopped')
  const at = `at ${timeOf(note.at)}${last ? '' : `, ${code(watch.service)}`}`
  const shown = [...missed, ...listed(lines, MOST_CHANGES, note.more)]
  return finished(
    { text: unbold(shown.join('\n')), blocks: [section(...shown), context(at)] },
    { first: `consul-watch-note-${watch.id}-${note.n}`, prefix: `cwn-${watch.id}-${note.n}` },
  )
}

function changeLine(change: WatchChange): string {
  switch (change.what) {
    case 'came':
      return `🆕 ${nameOfInstance(change.instance)} *came*, ${change.instance.state}${saidOf(change.instance)}`
    case 'went':
      return `⚪ ${nameOfInstance(change.instance)} *went*; it was ${change.from}`
    case 'turned':
      return `${ICONS[change.instance.state]} ${nameOfInstance(change.instance)} is *${change.instance.state}*, it was ${change.from}${saidOf(change.instance)}`
    case 'blind':
      return `⚠️ ${code(change.dc)} *cannot be asked*: ${plain(sentence(change.why))} What changes there is not seen.`
    case 'sees':
      return `👁️ ${code(change.dc)} *answers again*, with ${change.instances} ${change.instances === 1 ? 'instance' : 'instances'}`
    case 'over':
      return '☑️ The time is over: nobody follows it any more.'
    case 'stopped':
      return `☑️ *Stopped* by ${change.by ? people(nameOf(change.by)) : 'somebody'}.`
  }
}

function saidOf({ said }: WatchedInstance): string {
  return said ? `: ${people(said)}` : ''
}

/** The clock, with the day: a watch may go over midnight. */
function timeOf(at: number): string {
  return `${dayAndClock(at).slice(5, 10)} ${clock(at)}`
}
