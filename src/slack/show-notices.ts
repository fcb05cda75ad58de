import { stageOf } from '../core/execution.ts'
import type { Schedule } from '../core/schedule.ts'
import type { Wish } from '../engine/outbox.ts'
import { Later } from './call.ts'
import { channelFor } from './channel.ts'
import { put, tidy } from './deliver.ts'
import { reminderReply, scheduleChangedMessage, scheduleMessage, waitingReply } from './messages.ts'
import type { PosterParts } from './parts.ts'

/** A reply waits this long for the message whose thread it belongs to. */
const PARENT_MS = 1_000

/** That something waits which people may put off, once, into the thread. */
export async function showWaiting(
  parts: PosterParts,
  wish: Wish,
  { id, name, attempt }: { id: string; name: string; attempt: string },
) {
  const { outbox, store } = parts
  if (await outbox.posted(wish.name)) return tidy(parts, wish)
  const execution = await store.execution(id)
  const stage = execution && stageOf(execution, name)
  if (!execution || stage?.state !== 'waiting' || stage.attempt !== Number(attempt)) {
    await outbox.intend(wish, null)
    return null
  }
  const main = await outbox.posted(`execution:${id}`)
  if (!main) throw new Later(PARENT_MS, 'result')
  const place = { channel: main.channel, thread: main.ts }
  return put(parts, wish, { message: waitingReply(execution, stage), place, importance: 'alert' })
}

/** That a judgment waits still, into the thread; one that was decided meanwhile is not told any more. */
export async function showReminder(
  parts: PosterParts,
  wish: Wish,
  { id, name, attempt }: { id: string; name: string; attempt: string },
) {
  const { outbox, store, site } = parts
  if (await outbox.posted(wish.name)) return tidy(parts, wish)
  const execution = await store.execution(id)
  const stage = execution && stageOf(execution, name)
  if (!execution || stage?.state !== 'waiting' || stage.attempt !== Number(attempt)) {
    await outbox.intend(wish, null)
    return null
  }
  const main = await outbox.posted(`execution:${id}`)
  if (!main) throw new Later(PARENT_MS, 'result')
  const at = Number(wish.name.split(':').at(-1))
  const message = reminderReply(site, execution, stage, at)
  return put(parts, wish, { message, place: { channel: main.channel, thread: main.ts }, importance: 'alert' })
}

/** What became of a time of a schedule at which nothing was started; what was started has a message of its own. */
export async function showSchedule(parts: PosterParts, wish: Wish, id: string, due: number): Promise<number | null> {
  const { store } = parts
  const schedule = await store.schedules.find(id)
  const firing = schedule?.past.findLast((each) => each.due === due)
  if (!schedule || !firing || firing.what === 'started') return null
  const place = { channel: channelOf(parts, schedule) }
  return put(parts, wish, { message: scheduleMessage(schedule, firing), place, importance: 'alert' })
}

/** Somebody else than its owner paused or removed a schedule: the owner is told where its runs are told. */
export async function showScheduleChanged(
  parts: PosterParts,
  wish: Wish,
  id: string,
  at: number,
): Promise<number | null> {
  const schedule = await parts.store.schedules.find(id)
  const message = schedule?.changed?.at === at ? scheduleChangedMessage(schedule) : null
  if (!schedule || !message) return null
  return put(parts, wish, { message, place: { channel: channelOf(parts, schedule) }, importance: 'alert' })
}

function channelOf({ site }: PosterParts, { channel, environment }: Schedule): string {
  const own = Object.hasOwn(site.environments, environment ?? '') ? environment : null
  return channelFor(site, { origin: { channel, via: 'schedule' }, environment: own })
}
