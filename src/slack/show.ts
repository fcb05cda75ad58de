import type { Execution } from '../core/execution.ts'
import type { Site } from '../core/site.ts'
import type { PosterParts } from './deliver.ts'
import { fallback, put } from './deliver.ts'
import { closingReply, executionMessage, warningMessage } from './messages.ts'

/** Shows one thing as it is wanted now. True: it has to wait for something else to be shown first. */
export async function show(parts: PosterParts, name: string): Promise<boolean> {
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

function channelFor(site: Site, { origin, environment }: Execution): string {
  const own = site.environments[environment ?? '']?.channel
  const channel = origin.channel ?? (own ? site.channels[own] : undefined) ?? fallback(site)
  if (!channel) throw new Error('The site names no channel: give it `channels: { ops: C... }`.')
  return channel
}

async function permalink(parts: PosterParts, execution: string): Promise<string | undefined> {
  const posted = await parts.outbox.posted(`execution:${execution}`)
  if (!posted) return undefined
  const answer = await parts.client.chat
    .getPermalink({ channel: posted.channel, message_ts: posted.ts })
    .catch(() => null)
  return answer?.permalink
}
