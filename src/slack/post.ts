import { createHash } from 'node:crypto'
import { WebClient } from '@slack/web-api'
import type { Execution } from '../core/execution.ts'
import type { Site } from '../core/site.ts'
import type { ArtifactStore } from '../engine/artifacts.ts'
import type { Outbox, Posted, Progress, Wish } from '../engine/outbox.ts'
import type { Store } from '../engine/store.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Message } from './limits.ts'
import { closingReply, executionMessage, warningMessage } from './messages.ts'

export type PosterParts = {
  readonly client: WebClient
  readonly outbox: Outbox
  readonly store: Store
  readonly site: Site
  readonly artifacts: ArtifactStore
  readonly progressOf: (execution: string) => Promise<Progress | null>
  readonly now: () => number
  readonly log: Log
}

/** A client that tells us of every limit at once: waiting is the poster's business, which knows what may wait. */
export function postingClient(token: string, slackApiUrl: string): WebClient {
  return new WebClient(token, {
    slackApiUrl,
    timeout: 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  })
}

const AT_ONCE = 8
const LOOK_EVERY_MS = 1_000
const LATER_MS = 1_000

/** Where a message is wanted, and in whose thread. */
type Place = { readonly channel: string; readonly thread?: string }
type Wanted = { readonly message: Message; readonly place: Place }

/**
 * Keeps Slack showing what is stored. It is driven by state, not by events: a name on the outbox means "look at this again", the
 * latest state is drawn, and it is taken off only if nothing changed meanwhile. After an outage everything catches up by itself.
 */
export function createPoster(parts: PosterParts) {
  const { outbox, log } = parts
  let working: Promise<void> | null = null
  let kicked = false

  async function work(): Promise<void> {
    do {
      kicked = false
      const wishes = (await outbox.claim(AT_ONCE)).sort((a, b) => rank(a.name) - rank(b.name))
      await Promise.all(wishes.map(fulfil))
      if (wishes.length === AT_ONCE) kicked = true
    } while (kicked)
  }

  async function fulfil(wish: Wish): Promise<void> {
    try {
      const again = await show(parts, wish.name)
      await (again ? outbox.postpone(wish, parts.now() + LATER_MS) : outbox.settle(wish))
    } catch (error) {
      const wait = waitOf(error)
      log.warn({ message: wish.name, error: messageOf(error), wait }, 'message not shown yet')
      await outbox.postpone(wish, parts.now() + wait)
    }
  }

  function kick(): void {
    kicked = true
    working ??= work()
      .catch((error) => log.warn({ error: messageOf(error) }, 'outbox not read'))
      .finally(() => {
        working = null
      })
  }

  const timer = setInterval(kick, LOOK_EVERY_MS)
  return {
    kick,
    /** Slack forgets nothing, but a fresh local-slack does: every open message is looked at again. */
    async openAnew(): Promise<void> {
      for (const { id } of await parts.store.list({ limit: 1000, open: true })) {
        const name = `execution:${id}`
        const before = await outbox.posted(name)
        if (before) await outbox.remember(name, { ...before, digest: 'look again' })
        await outbox.want(name)
      }
    },
    async stop() {
      clearInterval(timer)
      await working
    },
  }
}

/** People's results before everything else, files last. */
function rank(name: string): number {
  return ['closing', 'warning', 'execution', 'file'].indexOf(name.split(':')[0] ?? '')
}

/** Shows one thing as it is wanted now. True: it has to wait for something else to be shown first. */
async function show(parts: PosterParts, name: string): Promise<boolean> {
  const [kind, id = '', file = ''] = name.split(':')
  if (kind === 'execution') return showExecution(parts, id)
  if (kind === 'closing') return showClosing(parts, id, name)
  if (kind === 'warning') return showWarning(parts, id, name)
  if (kind === 'file') return showFile(parts, id, file, name)
  parts.log.error({ message: name }, 'unknown message')
  return false
}

async function viewOf(parts: PosterParts, execution: Execution) {
  const environment = execution.environment ? await parts.store.environment(execution.environment) : null
  const holder = environment?.lock?.execution
  const link = holder && holder !== execution.id ? await permalink(parts, holder) : undefined
  return {
    execution,
    environment,
    progress: await parts.progressOf(execution.id),
    runsLink: (run: string) => (run === holder ? link : undefined),
  }
}

async function showExecution(parts: PosterParts, id: string): Promise<boolean> {
  const execution = await parts.store.execution(id)
  if (!execution) return false
  const view = await viewOf(parts, execution)
  await put(parts, `execution:${id}`, {
    message: executionMessage(view),
    place: { channel: channelFor(parts.site, execution) },
  })
  const closing = `closing:${id}:${execution.endedAt ? 'over' : execution.status}`
  if (closingReply(view) && !(await parts.outbox.posted(closing))) await parts.outbox.want(closing)
  return false
}

/** One reply when it ended, which mentions who asked: an edit notifies nobody. */
async function showClosing(parts: PosterParts, id: string, name: string): Promise<boolean> {
  const execution = await parts.store.execution(id)
  const message = execution && closingReply(await viewOf(parts, execution))
  if (!message || (await parts.outbox.posted(name))) return false
  const main = await parts.outbox.posted(`execution:${id}`)
  if (!main) return true
  await put(parts, name, { message, place: { channel: main.channel, thread: main.ts } })
  return false
}

/** The warning before an environment's time ends; its button goes when that changes. */
async function showWarning(parts: PosterParts, id: string, name: string): Promise<boolean> {
  const begun = await parts.store.execution(id.replace(/-x\d+$/, ''))
  if (!begun?.environment) return false
  const environment = await parts.store.environment(begun.environment)
  const due = environment.lifetime?.id === id && environment.lifetime.warned
  if (!due && !(await parts.outbox.posted(name))) return false
  await put(parts, name, {
    message: warningMessage({ environment, id }),
    place: { channel: channelFor(parts.site, begun) },
  })
  return false
}

/** A file into the thread of the execution's message, once. */
async function showFile(parts: PosterParts, id: string, file: string, name: string): Promise<boolean> {
  if (await parts.outbox.posted(name)) return false
  const main = await parts.outbox.posted(`execution:${id}`)
  if (!main) return true
  const content = await parts.artifacts.of(id).get(file)
  await parts.client.filesUploadV2({
    channel_id: main.channel,
    thread_ts: main.ts,
    filename: file,
    title: `${file} of ${id}`,
    content: Buffer.from(content).toString('utf8') || '(empty)',
  })
  await parts.outbox.remember(name, { channel: main.channel, ts: main.ts, digest: '' })
  return false
}

/** Posts or edits, if what is shown differs. A message that somebody deleted, or that Slack lost, is posted anew. */
async function put(parts: PosterParts, name: string, { message, place }: Wanted): Promise<void> {
  const digest = digestOf(message)
  const before = await parts.outbox.posted(name)
  if (before?.digest === digest) return
  if (before && (await edited(parts, before, message))) {
    await parts.outbox.remember(name, { ...before, digest })
    return
  }
  const posted = await post(parts, message, place)
  await parts.outbox.remember(name, { ...posted, digest })
}

async function edited({ client }: PosterParts, { channel, ts }: Posted, message: Message): Promise<boolean> {
  try {
    await client.chat.update({ channel, ts, ...message })
    return true
  } catch (error) {
    if (['message_not_found', 'cant_update_message', 'channel_not_found'].includes(codeOf(error))) return false
    throw error
  }
}

const CLOSED = ['not_in_channel', 'channel_not_found', 'is_archived', 'restricted_action', 'no_permission']

/** Where the bot may not speak, it speaks in the channel for operations instead: no answer is lost because nobody invited it. */
async function post(parts: PosterParts, message: Message, place: Place): Promise<{ channel: string; ts: string }> {
  const say = async ({ channel, thread }: Place) => {
    const { ts = '', channel: where = channel } = await parts.client.chat.postMessage({
      channel,
      ...message,
      ...(thread ? { thread_ts: thread } : {}),
      unfurl_links: false,
    })
    return { channel: where, ts }
  }
  try {
    return await say(place)
  } catch (error) {
    const other = fallback(parts.site)
    if (!CLOSED.includes(codeOf(error)) || !other || other === place.channel) throw error
    return say({ channel: other })
  }
}

function channelFor(site: Site, { origin, environment }: Execution): string {
  const own = site.environments[environment ?? '']?.channel
  const channel = origin.channel ?? (own ? site.channels[own] : undefined) ?? fallback(site)
  if (!channel) throw new Error('The site names no channel: give it `channels: { ops: C... }`.')
  return channel
}

function fallback(site: Site): string | undefined {
  return site.channels.ops ?? Object.values(site.channels)[0]
}

async function permalink(parts: PosterParts, execution: string): Promise<string | undefined> {
  const posted = await parts.outbox.posted(`execution:${execution}`)
  if (!posted) return undefined
  const answer = await parts.client.chat
    .getPermalink({ channel: posted.channel, message_ts: posted.ts })
    .catch(() => null)
  return answer?.permalink
}

/** `block_id`s are new in every version; they alone make no difference to what is shown. */
function digestOf({ text, blocks }: Message): string {
  const shown = JSON.stringify([text, blocks], (key, value: unknown) => (key === 'block_id' ? undefined : value))
  return createHash('sha256').update(shown).digest('hex')
}

function codeOf(error: unknown): string {
  return (error as { data?: { error?: string } }).data?.error ?? ''
}

/** As long as Slack says, or a few seconds. */
function waitOf(error: unknown): number {
  const { retryAfter } = error as { retryAfter?: number }
  return typeof retryAfter === 'number' ? retryAfter * 1000 : 3_000
}
