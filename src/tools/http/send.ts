import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpRequest, HttpResult } from './request.ts'

type Say = (line: string) => void

/** As much of an answer as is read. */
const MOST_BYTES = 64 * 1024
const LONGEST_WAIT = 30_000

/** Errors before anything of the request left this machine: it can have done nothing there. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_.*|.*_CERT.*|ERR_TLS_.*)$/

/**
 * Sends a request until it is answered: anew after an answer that says try later (429, 5xx) or a broken connection where it may be sent twice,
 * and after one that was never made. Never goes on to another address. `stop`: nothing is sent any more; what was sent is waited for,
 * unless it may be sent twice.
 */
export async function send(request: HttpRequest, stop: AbortSignal, say: Say): Promise<HttpResult> {
  const end = AbortSignal.timeout(request.timeout)
  let sent = false
  for (let tries = 1; ; tries++) {
    say(`${request.method} ${request.url}${tries > 1 ? `, try ${tries}` : ''}`)
    const got = await once(request, request.again ? AbortSignal.any([end, stop]) : end)
    if (got.kind === 'answer') {
      say(`answered ${got.status}`)
      const expected = fits(request.expect, got.status)
      const later = !expected && request.again && (got.status === 429 || got.status >= 500)
      if (!later || tries > request.retries || stop.aborted || end.aborted)
        return { kind: 'answered', status: got.status, expected, text: got.text, tries }
    } else {
      sent ||= got.sent
      say(got.why)
      const may = (request.again || !got.sent) && tries <= request.retries && !stop.aborted && !end.aborted
      if (!may) return { kind: 'broken', why: got.why, sent, tries, canceled: stop.aborted }
    }
    const wait = Math.min(request.wait * 2 ** (tries - 1), LONGEST_WAIT)
    const asked = got.kind === 'answer' ? got.after : 0
    const stopped = await pause(Math.max(wait, asked), AbortSignal.any([end, stop]))
    if (stopped) {
      const why = stop.aborted
        ? 'It was called off before it was sent again.'
        : 'Its time was over before it was sent again.'
      return { kind: 'broken', why, sent: sent || got.kind === 'answer', tries, canceled: stop.aborted }
    }
  }
}

type Got =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string; readonly after: number }
  | { readonly kind: 'broken'; readonly why: string; readonly sent: boolean }

async function once({ method, url, headers, body }: HttpRequest, signal: AbortSignal): Promise<Got> {
  try {
    const init = { method, headers, signal, redirect: 'manual' as const }
    const response = await fetch(url, body === null ? init : { ...init, body })
    const moved = response.headers.get('location')
    const text = moved === null ? await start(response) : `It sends on to ${hostOf(moved, url)}, which is not followed.`
    const after = Number(response.headers.get('retry-after'))
    return {
      kind: 'answer',
      status: response.status,
      text,
      after: after > 0 ? Math.min(after * 1000, LONGEST_WAIT) : 0,
    }
  } catch (error) {
    return broken(error)
  }
}

function broken(error: unknown): Got {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  const said = cause instanceof Error ? cause.message || code : String(cause)
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError') return { kind: 'broken', why: 'No answer came in time.', sent: true }
  if (name === 'AbortError') return { kind: 'broken', why: 'It was called off.', sent: true }
  const sent = !(NEVER_SENT.test(code) && !isLater(cause))
  return { kind: 'broken', why: `${sent ? 'The connection broke' : 'There was no connection'}: ${said}`, sent }
}

/** The way there may also be lost once there is a connection, after all of it was sent (`read EHOSTUNREACH`). */
function isLater(cause: unknown): boolean {
  const call = typeof cause === 'object' && cause !== null && 'syscall' in cause ? cause.syscall : undefined
  return call === 'read' || call === 'write'
}

/** The beginning of the answer: what is longer is not read on. */
async function start(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    length += part.length
    if (length > MOST_BYTES) break
  }
  return Buffer.concat(parts).subarray(0, MOST_BYTES).toString('utf8')
}

function hostOf(location: string, from: string): string {
  return URL.canParse(location, from) ? new URL(location, from).host : 'an address that is none'
}

function fits(expect: HttpRequest['expect'], status: number): boolean {
  return expect.some((each) => each === status || each === `${Math.floor(status / 100)}xx`)
}

/** Whether it was cut short. */
async function pause(wait: number, signal: AbortSignal): Promise<boolean> {
  return sleep(wait, false, { signal }).catch(() => true)
}
