import { idOf } from '../core/actor.ts'
import { deedsOf, executionsOf } from '../core/break-glass/deeds.ts'
import { announced, summarized } from '../core/break-glass/end.ts'
import type { Glass } from '../core/break-glass/glass.ts'
import type { GlassView } from '../core/break-glass/view.ts'
import { deedView, lookView, summaryText } from '../core/break-glass/view.ts'
import { milliseconds } from '../core/duration.ts'
import type { Execution } from '../core/execution.ts'
import { MOST_LINES } from '../engine/break-glass/clock.ts'
import type { Wish } from '../engine/outbox.ts'
import { Later } from './call.ts'
import { fallback, put, tidy } from './deliver.ts'
import { MOST_SUMMED } from './messages/glass.ts'
import { glassMessage, glassSummary } from './messages.ts'
import type { PosterParts } from './parts.ts'
import { upload } from './upload.ts'

/** A file waits this long for the message whose thread it belongs to. */
const PARENT_MS = 1_000

/** Links to so many of the newest executions: each may cost a question to Slack. */
const MOST_LINKED = 15

/** Shows one thing about break glass as it is wanted now. Gives the time when it has to be looked at again, or null. */
export async function showGlass(parts: PosterParts, wish: Wish): Promise<number | null> {
  const [kind, named = '', channel = ''] = wish.name.split(':')
  const glass = await parts.store.glasses.find(named.replace(/^glass-/, ''))
  if (!glass) return null
  if (kind === 'glass-lines') return drawAnew(parts, glass)
  const place = { channel: channelNamed(parts, channel) }
  if (kind === 'file') return showFile(parts, wish, { glass, channel })
  if (kind === 'glass-summary')
    return put(parts, wish, { message: glassSummary(await viewOf(parts, glass)), place, importance: 'alert' })
  const state = glass.ended ? 'over' : 'holds'
  const importance = (await parts.outbox.posted(wish.name))?.state === state ? 'progress' : 'alert'
  return put(parts, wish, { message: glassMessage(await viewOf(parts, glass)), place, importance, state })
}

/** Something was done under it. */
async function drawAnew({ outbox, site, now }: PosterParts, glass: Glass): Promise<null> {
  const shown = glass.looks === null ? announced(glass, 0) : [...announced(glass, 0), ...summarized(glass, 0)]
  for (const effect of shown)
    if (effect.do === 'show' && !effect.message.startsWith('file:'))
      await outbox.want(effect.message, now() + milliseconds(site.slack.edit_every))
  return null
}

function channelNamed({ site }: PosterParts, name: string): string {
  const channel = Object.hasOwn(site.channels, name) ? site.channels[name] : fallback(site)
  if (!channel) throw new Error('The site names no channel: give it `channels: { ops: C... }`.')
  return channel
}

async function viewOf({ store, outbox, permalink, auditAbout }: PosterParts, glass: Glass): Promise<GlassView> {
  const about = { execution: `glass-${glass.id}`, since: glass.from, limit: MOST_LINES }
  const deeds = deedsOf((await auditAbout?.(about))?.lines ?? [], idOf(glass.by))
  const looking = (glass.looks ?? []).flatMap(({ execution }) => execution ?? [])
  const ids = [...executionsOf(deeds), ...looking]
  const found = await Promise.all(ids.map((id) => store.execution(id)))
  const executions = new Map(found.flatMap((each): [string, Execution][] => (each ? [[each.id, each]] : [])))
  const links = new Map<string, string>()
  for (const id of ids.slice(-MOST_LINKED)) {
    const posted = await outbox.posted(`execution:${id}`)
    const url = posted ? await permalink(posted) : undefined
    if (url) links.set(id, url)
  }
  return {
    glass,
    deeds: deeds.map((deed) => deedView(deed, executions)),
    looks: glass.looks?.map((look) => lookView(look, executions)) ?? null,
    linkOf: (id) => links.get(id),
  }
}

/** All of a long summary as a file in its thread, once it is complete. */
async function showFile(parts: PosterParts, wish: Wish, { glass, channel }: { glass: Glass; channel: string }) {
  const { outbox } = parts
  const view = await viewOf(parts, glass)
  if (view.deeds.length <= MOST_SUMMED || glass.summedAt === null) return null
  const main = await outbox.posted(`glass-summary:${glass.id}:${channel}`)
  if (!main) throw new Later(PARENT_MS, 'detail')
  if (await outbox.posted(wish.name)) return tidy(parts, wish)
  const file = `break-glass-${glass.id}.txt`
  await upload(parts, wish, {
    file,
    title: `${file} of ${glass.id}`,
    content: Buffer.from(summaryText(view)),
    place: { channel: main.channel, thread: main.ts },
  })
  return (await outbox.doubt(wish.name))?.until ?? null
}
