import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Got, once } from './once.ts'
import type { HttpRequest, HttpResult } from './request.ts'

type Say = (line: string) => void

const LONGEST_WAIT = 30_000

/**
 * Sends a request until it is answered: anew after an answer that says try later (429, 5xx) or a broken connection where it may be sent twice,
 * and after one that was never made. Never goes on to another address. `stop`: nothing is sent any more; what was sent is waited for,
 * unless it may be sent twice.
 */
export async function send(request: HttpRequest, stop: AbortSignal, say: Say): Promise<HttpResult> {
  const over = Date.now() + request.timeout
  const end = AbortSignal.timeout(request.timeout)
  let sent = false
  for (let tries = 1; ; tries++) {
    say(`${request.method} ${request.shown ?? request.url}${tries > 1 ? `, try ${tries}` : ''}`)
    const got = oneWay(await once(request, request.again ? AbortSignal.any([end, stop]) : end), request, say)
    if (got.kind === 'broken') sent ||= got.sent
    const last: HttpResult =
      got.kind === 'answer'
        ? { kind: 'answered', status: got.status, expected: fits(request.expect, got.status), text: got.text, tries }
        : { kind: 'broken', why: got.why, sent, tries, canceled: stop.aborted }
    if (!mayFollow(got, request) || tries > request.retries || stop.aborted || end.aborted) return last
    const wait = Math.max(
      Math.min(request.wait * 2 ** (tries - 1), LONGEST_WAIT),
      got.kind === 'answer' ? got.after : 0,
    )
    if (Date.now() + wait >= over) {
      say(`the next try would be in ${Math.ceil(wait / 1000)} s, after its time is over`)
      return last
    }
    if (await pause(wait, AbortSignal.any([end, stop]))) {
      const why = 'It was called off before it was sent again.'
      return { kind: 'broken', why, sent: sent || got.kind === 'answer', tries, canceled: stop.aborted }
    }
  }
}

/** What is answered was taken, even where the end of the answer is lost; only what may be sent twice is asked for again. */
function oneWay(got: Got, { again, expect }: HttpRequest, say: Say): Got {
  if (got.kind === 'broken') {
    say(got.why)
    return got
  }
  say(`answered ${got.status}`)
  if (got.cut === null) return got
  say(`the end of its answer never came: ${got.cut}`)
  if (!again || !fits(expect, got.status)) return got
  return { kind: 'broken', why: `The end of its answer never came: ${got.cut}`, sent: true }
}

function mayFollow(got: Got, request: HttpRequest): boolean {
  if (got.kind === 'broken') return request.again || !got.sent
  return request.again && isLater(got) && !fits(request.expect, got.status)
}

function isLater({ status }: Answer): boolean {
  return status === 429 || status >= 500
}

function fits(expect: HttpRequest['expect'], status: number): boolean {
  return expect.some((each) => each === status || each === `${Math.floor(status / 100)}xx`)
}

/** Whether it was cut short. */
async function pause(wait: number, signal: AbortSignal): Promise<boolean> {
  return sleep(wait, false, { signal }).catch(() => true)
}
