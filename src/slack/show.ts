import { milliseconds } from '../core/duration.ts'
import type { Execution } from '../core/execution.ts'
import { isOver, isSilent, outputOf } from '../core/execution.ts'
import type { Promotion } from '../core/promotion.ts'
import { wordOf } from '../core/status-word.ts'
import type { Wish } from '../engine/outbox.ts'
import { loadText } from '../engine/progress.ts'
import { idOfStep } from '../engine/promote.ts'
import { showAudit } from './audit-line.ts'
import type { Importance } from './call.ts'
import { Later } from './call.ts'
import { channelFor } from './channel.ts'
import { put, tidy } from './deliver.ts'
import { drawn } from './drawn.ts'
import type { Message } from './limits.ts'
import type { ExecutionView } from './messages.ts'
import { closingReply, executionMessage, warningMessage } from './messages.ts'
import type { PosterParts } from './parts.ts'
import { relatedOf } from './related.ts'
import { showAlerts } from './show-alerts.ts'
import { showFile } from './show-file.ts'
import { showGlass } from './show-glass.ts'
import { showReminder, showSchedule, showScheduleChanged, showWaiting } from './show-notices.ts'
import { showWatch } from './show-watch.ts'

/** A reply waits this long for the message whose thread it belongs to. */
const PARENT_MS = 1_000

/** The closing reply comes after the edit that it speaks of, unless that has to wait longer than this. */
const BEFORE_REPLY_MS = 5_000

/** Shows one thing as it is wanted now. Gives the time when it has to be looked at again, or null. */
export async function show(parts: PosterParts, wish: Wish): Promise<number | null> {
  const [kind, id = '', name = '', attempt = '1'] = wish.name.split(':')
  if (kind === 'execution') return showExecution(parts, wish, id)
  if (kind === 'closing') return showClosing(parts, wish, id)
  if (kind === 'warning') return showWarning(parts, wish, id)
  if (kind === 'waiting') return showWaiting(parts, wish, { id, name, attempt })
  if (kind === 'reminder') return showReminder(parts, wish, { id, name, attempt })
  if (kind === 'schedule') return showSchedule(parts, wish, id, Number(name))
  if (kind === 'schedule-changed') return showScheduleChanged(parts, wish, id, Number(name))
  if (kind?.startsWith('glass') || id.startsWith('glass-')) return showGlass(parts, wish)
  if (kind?.startsWith('alert') || id.startsWith('alert-')) return showAlerts(parts, wish)
  if (kind?.startsWith('consul-watch')) return showWatch(parts, wish)
  if (kind === 'file') return showFile(parts, wish, { id, name, attempt })
  if (kind === 'audit') return showAudit(parts, wish, Number(id))
  parts.log.error({ message: wish.name }, 'unknown message')
  return null
}

async function viewOf(parts: PosterParts, execution: Execution) {
  const environment = execution.environment ? await parts.store.environment(execution.environment) : null
  const holder = environment?.lock?.execution
  const posted = holder && holder !== execution.id ? await parts.outbox.posted(`execution:${holder}`) : null
  const link = posted ? await parts.permalink(posted) : undefined
  const progress = await parts.progressOf(execution.id)
  return {
    execution,
    environment,
    progress,
    now: parts.now(),
    quietAfter: milliseconds(parts.site.worker.quiet_after),
    load: loadText(execution, progress),
    ...pageOf(parts, execution),
    ...(execution.promotion ? { steps: await stepsOf(parts, execution.promotion) } : {}),
    related: await relatedOf(parts, execution),
    runsLink: (run: string) => (run === holder ? link : undefined),
  }
}

function pageOf({ pageAt }: PosterParts, { id }: Execution): { page?: string } {
  const page = pageAt?.(`/runs/${id}`)
  return page ? { page } : {}
}

/** The other steps of a promotion, each with its message. */
async function stepsOf({ store, outbox, permalink }: PosterParts, { first, step, environments, before }: Promotion) {
  return Promise.all(
    environments.map(async (environment, at) => {
      const id = before[at] ?? idOfStep({ first, step: at + 1 })
      const execution = at + 1 === step ? null : await store.execution(id)
      const posted = execution ? await outbox.posted(`execution:${id}`) : null
      return { environment, execution, link: posted ? await permalink(posted) : undefined }
    }),
  )
}

const closingOf = (execution: Execution) =>
  `closing:${execution.id}:${isOver(execution) ? 'over' : execution.status}` as const

async function showExecution(parts: PosterParts, wish: Wish, id: string): Promise<number | null> {
  const { outbox, site, store } = parts
  const execution = await store.execution(id)
  if (!execution || isSilent(execution)) return null
  const view = await viewOf(parts, execution)
  const message = drawn(parts.log, execution, () => executionMessage(view))
  const state = stateOf(execution, message)
  const before = (await outbox.posted(wish.name))?.state
  const importance = importanceOf(execution, state, before)
  const place = { channel: channelFor(site, execution) }
  try {
    const again = await put(parts, wish, { message, place, importance, state })
    await wantReply(parts, view)
    await wantFiles(parts, execution)
    return again
  } catch (error) {
    const soon = error instanceof Later && parts.now() - (execution.endedAt ?? 0) < BEFORE_REPLY_MS
    if (!soon) await wantReply(parts, view)
    throw error
  }
}

/** Files lie in the thread of a message: where that was posted anew, they are too. */
async function wantFiles({ outbox }: PosterParts, execution: Execution): Promise<void> {
  const main = await outbox.posted(`execution:${execution.id}`)
  for (const { id, attempt } of execution.stages) {
    const files = outputOf(execution, id)?.files
    for (const file of Array.isArray(files) ? files : []) {
      const name = `file:${execution.id}:${file}:${attempt}`
      const posted = await outbox.posted(name)
      // What a quiet one left before it had something to say was passed over.
      const passedOver = !posted && execution.quiet === true
      if (main && (passedOver || (posted && posted.ts !== main.ts))) await outbox.want(name)
    }
  }
}

/** One that cannot be drawn is not missed: the message above it says that something broke. */
function replyOf({ log }: PosterParts, view: ExecutionView): Message | null {
  try {
    return closingReply(view)
  } catch (error) {
    log.error({ execution: view.execution.id, err: error }, 'closing reply not drawn')
    return null
  }
}

async function wantReply(parts: PosterParts, view: ExecutionView): Promise<void> {
  const { outbox } = parts
  const closing = closingOf(view.execution)
  if (replyOf(parts, view) && !(await outbox.posted(closing))) await outbox.want(closing)
}

/** The status in a word, and the buttons. */
function stateOf(execution: Execution, { blocks }: Message): string {
  const buttons = blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))
  return JSON.stringify([wordOf(execution), ...buttons.map((each) => ('value' in each ? each.value : each.type))])
}

/** What people may press counts as much as how it ended: no button that does nothing stays for long. */
function importanceOf(execution: Execution, state: string, before: string | undefined): Importance {
  const over = isOver(execution) || execution.status === 'unknown'
  if (state === before) return over ? 'state' : 'progress'
  if (before === undefined || over || execution.cancel) return 'result'
  const buttons = (text: string) => (JSON.parse(text) as string[]).slice(1).join(' ')
  return buttons(state) === buttons(before) ? 'state' : 'result'
}

/** One reply when it ended, which mentions who asked: an edit notifies nobody. */
async function showClosing(parts: PosterParts, wish: Wish, id: string): Promise<number | null> {
  const { outbox, store } = parts
  if (await outbox.posted(wish.name)) return tidy(parts, wish)
  const execution = await store.execution(id)
  // It went on meanwhile: what there is to say now is said under another name, once.
  const current = execution && closingOf(execution) === wish.name
  const message = current && !isSilent(execution) ? replyOf(parts, await viewOf(parts, execution)) : null
  if (!message) {
    await outbox.intend(wish, null)
    return null
  }
  const main = await outbox.posted(`execution:${id}`)
  if (!main) throw new Later(PARENT_MS, 'result')
  return put(parts, wish, { message, place: { channel: main.channel, thread: main.ts }, importance: 'result' })
}

/** The warning before an environment's time ends; its button goes when that changes. */
async function showWarning(parts: PosterParts, wish: Wish, id: string): Promise<number | null> {
  const { outbox, site, store } = parts
  const begun = await store.execution(id.replace(/-x\d+$/, ''))
  if (!begun?.environment) return null
  const environment = await store.environment(begun.environment)
  const due = environment.lifetime?.id === id && environment.lifetime.warned
  const shown = (await outbox.posted(wish.name)) ?? (await outbox.intent(wish.name))
  if (!due && !shown) return null
  return put(parts, wish, {
    message: warningMessage({ environment, id }),
    place: { channel: channelFor(site, begun) },
    importance: 'alert',
  })
}
