import type { Behaviour } from '../core/alert/route.ts'
import { behaviourOf } from '../core/alert/route.ts'
import type { AlertGroup } from '../core/alert.ts'
import type { Site } from '../core/site.ts'
import type { Posted, Wish } from '../engine/outbox.ts'
import type { Importance } from './call.ts'
import { Later } from './call.ts'
import { fallback, put, tidy } from './deliver.ts'
import type { Message } from './limits.ts'
import { alertMessage, alertNoteMessage, catchUpMessage, escalationMessage, pictureOf } from './messages/alerts.ts'
import type { PosterParts } from './parts.ts'
import { upload } from './upload.ts'

/** A reply waits this long for the message whose thread it belongs to, and for the reply before it. */
const PARENT_MS = 1_000
const BEFORE_MS = 200

/** A reply waits no longer than this for the one before it: that may never come. */
const IN_ORDER_MS = 5_000

/** Shows one thing about alerts as it is wanted now. Gives the time when it has to be looked at again, or null. */
export async function showAlerts(parts: PosterParts, wish: Wish): Promise<number | null> {
  const [kind, id = '', name = '', n = ''] = wish.name.split(':')
  if (kind === 'alert') return showGroup(parts, wish, id)
  if (kind === 'alert-note') return showNote(parts, wish, id, Number(name))
  if (kind === 'alert-escalation') return showEscalation(parts, wish, id, Number(name))
  if (kind === 'alert-catchup') return showCatchUp(parts, wish, id)
  if (kind === 'file') return showPicture(parts, wish, { id: id.replace(/^alert-/, ''), file: name, n: Number(n) })
  parts.log.error({ message: wish.name }, 'unknown message')
  return null
}

/** What nobody has seen yet has no message, and so no thread either. */
async function shownGroup({ store }: PosterParts, id: string): Promise<AlertGroup | null> {
  const group = await store.alerts.group(id)
  return group?.shownAt == null ? null : group
}

async function showGroup(parts: PosterParts, wish: Wish, id: string): Promise<number | null> {
  const { outbox, site, store } = parts
  const group = await shownGroup(parts, id)
  if (!group) return null
  const ids = new Set(group.alerts.flatMap(({ silence }) => silence ?? []))
  const silences = await Promise.all([...ids].map((each) => store.alerts.silence(each)))
  const behaviour = behaviourIn(site, group)
  const message = alertMessage({ group, behaviour, silences: silences.filter((each) => each !== null) })
  const state = stateOf(group, message)
  const before = (await outbox.posted(wish.name))?.state
  const importance: Importance = state === before ? 'progress' : 'alert'
  return put(parts, wish, { message, place: { channel: channelNamed(site, behaviour.channel) }, importance, state })
}

/** What people have to know at once: the state, and what they may press. */
function stateOf({ state }: AlertGroup, { blocks }: Message): string {
  const buttons = blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))
  return JSON.stringify([state, ...buttons.map((each) => ('action_id' in each ? each.action_id : each.type))])
}

/** A site that has no alerts any more calls nobody; what is open still says how it stands. */
function behaviourIn({ alerts }: Site, { rule }: AlertGroup): Behaviour {
  if (alerts) return behaviourOf(alerts, rule)
  return { channel: '', mention: [], raise_after: '0s', keep_for: '0s', remind: [], escalate: [] }
}

/** By the name that the site gives it, or by its id. */
function channelNamed(site: Site, name: string): string {
  const id = /^[CG][A-Z0-9]+$/.test(name) ? name : fallback(site)
  const channel = Object.hasOwn(site.channels, name) ? site.channels[name] : id
  if (!channel) throw new Error('The site names no channel: give it `channels: { ops: C... }`.')
  return channel
}

/** What changed, once, into the thread. Only the newest notes are kept: what is older by then is told by those after it. */
async function showNote(parts: PosterParts, wish: Wish, id: string, n: number): Promise<number | null> {
  const { outbox } = parts
  if (await outbox.posted(wish.name)) return tidy(parts, wish)
  const group = await shownGroup(parts, id)
  const note = group?.notes.find((each) => each.n === n)
  if (!group || !note) {
    await outbox.intend(wish, null)
    return null
  }
  const main = await mainOf(parts, id)
  await inOrder(parts, group, n)
  const message = alertNoteMessage(group, note)
  return put(parts, wish, { message, place: { channel: main.channel, thread: main.ts }, importance: 'alert' })
}

/** Where the thread is. Throws `Later` while it is nowhere. */
async function mainOf({ outbox }: PosterParts, id: string, importance: Importance = 'alert'): Promise<Posted> {
  const main = await outbox.posted(`alert:${id}`)
  if (!main) throw new Later(PARENT_MS, importance)
  return main
}

/** Several replies are sent at once; a thread that tells of the end before the beginning helps nobody. */
async function inOrder({ outbox, now }: PosterParts, { id, notes }: AlertGroup, n: number): Promise<void> {
  const before = notes.find((each) => each.n === n - 1)
  const waits = before && now() - before.at < IN_ORDER_MS
  if (waits && !(await outbox.posted(`alert-note:${id}:${before.n}`))) throw new Later(BEFORE_MS, 'alert')
}

/** One step of an escalation in another channel: what was said once is kept true. */
async function showEscalation(parts: PosterParts, wish: Wish, id: string, step: number): Promise<number | null> {
  const { outbox, site } = parts
  const group = await shownGroup(parts, id)
  const escalated = group?.escalated.find((each) => each.step === step)
  if (!group || !escalated) return null
  const behaviour = behaviourIn(site, group)
  const main = await outbox.posted(`alert:${id}`)
  const url = main ? await parts.permalink(main) : undefined
  const message = escalationMessage({ group, behaviour, escalated, url })
  const place = { channel: channelNamed(site, escalated.channel ?? behaviour.channel) }
  const state = stateOf(group, message)
  const importance: Importance = state === (await outbox.posted(wish.name))?.state ? 'progress' : 'alert'
  return put(parts, wish, { message, place, importance, state })
}

/** What happened while nobody watched, once. */
async function showCatchUp(parts: PosterParts, wish: Wish, at: string): Promise<number | null> {
  const { outbox, site, store } = parts
  if (await outbox.posted(wish.name)) return tidy(parts, wish)
  const caughtUp = await store.alerts.catchUp(at)
  if (!caughtUp) {
    await outbox.intend(wish, null)
    return null
  }
  const ids = [...caughtUp.raised.slice(0, MOST_LINKED), ...caughtUp.ended.slice(0, MOST_LINKED)]
  const named = await Promise.all(
    ids.map(async (id) => {
      const [group, posted] = await Promise.all([store.alerts.group(id), outbox.posted(`alert:${id}`)])
      return { id, group, url: posted ? await parts.permalink(posted) : undefined }
    }),
  )
  const message = catchUpMessage({
    caughtUp,
    groups: named.flatMap(({ group }) => group ?? []),
    linkOf: (id) => named.find((each) => each.id === id)?.url,
  })
  return put(parts, wish, { message, place: { channel: channelNamed(site, caughtUp.channel) }, importance: 'alert' })
}

/** More than these are only counted. */
const MOST_LINKED = 12

/** The picture of the last hour into the thread, once, drawn from the figures of its note. */
async function showPicture(
  parts: PosterParts,
  wish: Wish,
  { id, file, n }: { id: string; file: string; n: number },
): Promise<number | null> {
  const { outbox, drawMinutes } = parts
  if (await outbox.posted(wish.name)) return tidy(parts, wish)
  const group = await shownGroup(parts, id)
  const note = group?.notes.find((each) => each.n === n)
  const picture = group && note ? pictureOf(group, note) : null
  if (!picture || !drawMinutes) {
    await outbox.intend(wish, null)
    return null
  }
  const main = await mainOf(parts, id, 'detail')
  await upload(parts, wish, {
    alternative: picture.words,
    file,
    title: `The last hour of alert ${id} (note ${n})`,
    content: await drawMinutes(picture.chart),
    place: { channel: main.channel, thread: main.ts },
  })
  return (await outbox.doubt(wish.name))?.until ?? null
}
