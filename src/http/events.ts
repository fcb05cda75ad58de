import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Execution } from '../core/execution.ts'
import { readLog } from '../engine/live-log.ts'
import type { Store } from '../engine/store.ts'
import type { Exchange } from './exchange.ts'
import { STRICT_HEADERS, send } from './exchange.ts'
import { textOf } from './html.ts'
import type { LogParts, Which } from './log-source.ts'
import { filePieces, goesOn } from './log-source.ts'
import { type NamesOf, withNames } from './names.ts'
import { nowOf } from './pages/run.ts'
import type { RunView } from './pages/view.ts'
import { Refusal } from './refusal.ts'

export type EventParts = LogParts & {
  readonly store: Pick<Store, 'execution'>
  /** All that its page is made of now. */
  readonly viewOf: (execution: Execution) => Promise<RunView>
  readonly namesOf: NamesOf
  readonly now: () => number
}

/** Each looks a few times a second at Redis while its page is open. */
const MOST_VIEWERS = 100
const LOOK_EVERY_MS = 200
/** What changes by itself (how long, how far) is drawn anew this often. */
const DRAW_EVERY_MS = 3_000
/** A drawing of a thousand stages takes long: at most this part of the time goes into it, for each who looks. */
const DRAWING_SHARE = 0.1
/** Proxies close what says nothing, and a page takes its connection for lost. */
const BEAT_EVERY_MS = 15_000
/** A browser whose connection broke makes it again after so long. */
const AGAIN_MS = 1_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

let viewers = 0

/**
 * What happens to an execution, as server-sent events (WHATWG HTML, 9.2): `now` is the changing part of the page, `log` a piece of one
 * stage's log (`?stage=&attempt=&after=`), `end` that nothing more comes of it, `over` that the execution is over, `alive` that there is
 * nothing to say. It ends with the session of whoever looks.
 */
export async function sendEvents(
  parts: EventParts,
  exchange: Exchange,
  first: Execution,
  until: number,
): Promise<void> {
  const { request, response, url } = exchange
  // Who asks only whether he may look gets that answer, and no place.
  if (request.method === 'HEAD') return send(response, 200, 'text/event-stream', '')
  if (viewers >= MOST_VIEWERS) throw new Refusal(503, 'Too many people are looking just now. Try again in a moment.')
  const which = whichLog(first, url.searchParams)
  viewers++
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  // Who went while it was looked whether he may look closes nothing any more.
  if (response.closed || response.destroyed) gone.abort()
  // Who reads nothing more keeps the place of others no longer than his session.
  const over = setTimeout(() => gone.abort(), Math.min(until - parts.now(), LONGEST_TIMER_MS))
  try {
    response.writeHead(200, { ...STRICT_HEADERS, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    response.write(`retry: ${AGAIN_MS}\n\n`)
    const after = String(request.headers['last-event-id'] ?? url.searchParams.get('after') ?? '')
    const from = /^\d+-\d+$/.test(after) ? after : '0'
    await Promise.all([
      drawing(parts, { response, gone: gone.signal, until }, first),
      which && logging(parts, { response, gone: gone.signal, until }, { run: first, which, from }),
    ])
  } finally {
    viewers--
    clearTimeout(over)
    if (response.writableNeedDrain) response.destroy()
    else response.end()
  }
}

type Stream = { readonly response: ServerResponse; readonly gone: AbortSignal; readonly until: number }

function whichLog(run: Execution, asked: URLSearchParams): Which | null {
  const stage = run.stages.find(({ id }) => id === asked.get('stage'))
  if (!stage) return null
  const attempt = Number(asked.get('attempt') || stage.attempt)
  return Number.isInteger(attempt) ? { stage, attempt } : null
}

/** Sends the changing part of the page whenever it is another one, until the execution is over or nobody looks any more. */
async function drawing(parts: EventParts, stream: Stream, first: Execution): Promise<void> {
  let [drawn, version, drawnAt, beatAt, rested] = ['', -1, 0, parts.now(), 0]
  while (!stream.gone.aborted && parts.now() < stream.until) {
    const run = await parts.store.execution(first.id)
    if (!run) break
    const over = run.endedAt !== null
    const isDue = run.version !== version || parts.now() - drawnAt >= DRAW_EVERY_MS
    if (isDue && (over || performance.now() >= rested)) {
      const began = performance.now()
      const text = await withNames(parts.namesOf, textOf(nowOf(await parts.viewOf(run))))
      if (text !== drawn) await write(stream, event('now', { html: text }))
      ;[drawn, version, drawnAt] = [text, run.version, parts.now()]
      rested = performance.now() + (performance.now() - began) / DRAWING_SHARE
    }
    if (over) return void (await write(stream, event('over', {})))
    if (parts.now() - beatAt >= BEAT_EVERY_MS) {
      beatAt = parts.now()
      await write(stream, event('alive', {}))
    }
    await pause(stream, LOOK_EVERY_MS)
  }
}

type Reading = { readonly run: Execution; readonly which: Which; readonly from: string }

/** Sends what there is of a log as fast as it is taken, and then what comes. */
async function logging(parts: EventParts, stream: Stream, { run, which, from }: Reading): Promise<void> {
  const name = { execution: run.id, stage: which.stage.id, attempt: which.attempt }
  let after = from
  while (!stream.gone.aborted && parts.now() < stream.until) {
    // Whether more may come is asked before the last look, so that nothing comes between the two.
    const now = await parts.store.execution(run.id)
    const more = now !== null && goesOn(now, which)
    const pieces = await readLog(parts, name, after)
    for (const { id, from: number, text } of pieces) {
      await write(stream, `id: ${id}\n${event('log', { from: number, text })}`)
      after = id
    }
    if (pieces.length > 0) continue
    if (!more) {
      if (after === '0' && now)
        for await (const { id, from: number, text } of filePieces(parts, now, which))
          await write(stream, `id: ${id}\n${event('log', { from: number, text })}`)
      await write(stream, event('end', {}))
      return
    }
    await pause(stream, LOOK_EVERY_MS)
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Waits for whoever reads slowly, so that nothing piles up here. */
async function write({ response, gone }: Stream, text: string): Promise<void> {
  if (gone.aborted || response.write(text)) return
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done)
      gone.removeEventListener('abort', done)
      resolve()
    }
    response.on('drain', done)
    gone.addEventListener('abort', done)
  })
}

async function pause({ gone }: Stream, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: gone }).catch(() => {})
}
