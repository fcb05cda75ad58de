import { messageOf } from '../../../errors.ts'
import { ConsulFailure, refusalOf } from './failure.ts'

/** What is asked, in words that end a sentence's beginning: `for the checks of dc1`. */
export type Question = {
  readonly path: string
  readonly what: string
  readonly limitMs: number
  readonly signal?: AbortSignal | undefined
  readonly method?: 'GET' | 'PUT' | 'DELETE'
  readonly content?: string
  /** Statuses besides 200 that are answers here, and no failure: 404 for a key that is not there, 409 for a txn that did not fit. */
  readonly also?: readonly number[]
}

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Buffer }

/** Throws a `ConsulFailure` for whatever is no 200, and the reason of the signal when that ends it. */
export type Ask = (question: Question) => Promise<Answer>

/** Of 10,000 checks that each say 4 KB there are 50 MB; far more is no list of checks. */
const MOST_BYTES = 256 * 1024 * 1024

/** How long an agent may take to show that it lives. */
const ALIVE_WITHIN_MS = 3000

export function createAsk(address: string, token: string | undefined): Ask {
  const url = new URL(address.includes('://') ? address : `http://${address}`)
  // `fetch` asks for gzip. From an agent on this machine that takes twice as long: 7 MB of nodes 0.46 s, as they are 0.19 s.
  const plain = isLoopback(url) ? { 'accept-encoding': 'identity' } : {}

  /** A redirect is never followed: `fetch` would hand our token to wherever it points. */
  const get = (path: string, signal: AbortSignal, sent: { method?: string; body?: string } = {}) =>
    fetch(new URL(path, url), {
      redirect: 'manual',
      headers: { ...(token ? { 'x-consul-token': token } : {}), ...plain },
      signal,
      ...sent,
    })

  /** A spoke that swallows what is sent to it and an agent that hangs look the same from outside: no answer in time. */
  async function agentLives(signal: AbortSignal | undefined): Promise<boolean> {
    return within(ALIVE_WITHIN_MS, signal, async (limited) => {
      const response = await get('/v1/status/leader', limited)
      await response.body?.cancel()
      return true
    }).catch(() => false)
  }

  return async ({ path, what, limitMs, signal, method = 'GET', content, also = [] }) => {
    const asked = `Consul at ${url.host}, asked ${what},`
    try {
      return await within(limitMs, signal, async (limited) => {
        const response = await get(path, limited, { method, ...(content === undefined ? {} : { body: content }) })
        const { status, headers } = response
        const body = await bodyOf(response, asked)
        if (status !== 200 && !also.includes(status))
          throw refusalOf(asked, { status, headers, text: body.toString('utf8', 0, 1000) })
        return { status, headers, body }
      })
    } catch (error) {
      if (error instanceof ConsulFailure || signal?.aborted) throw error
      const late = error instanceof Late
      if (late && (await agentLives(signal))) {
        throw new ConsulFailure('unreachable', `${asked} gave no answer in ${limitMs / 1000} s, though it lives.`)
      }
      signal?.throwIfAborted()
      const why = late ? `no answer in ${limitMs / 1000} s` : reasonOf(error)
      throw new ConsulFailure('agent', `The Consul agent at ${url.host} does not answer: ${why}.`, { cause: error })
    }
  }
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

class Late extends Error {}

/**
 * One controller for each question. `AbortSignal.any` on a signal that lives as long as the process would collect one listener for each
 * question ever asked.
 */
async function within<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const stop = () => controller.abort(signal?.reason)
  const timer = setTimeout(() => controller.abort(new Late()), limitMs)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await work(controller.signal)
  } catch (error) {
    // What fetch throws for an aborted body is not always the reason of the abort.
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

async function bodyOf(response: Response, asked: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MOST_BYTES) throw new ConsulFailure('malformed', `${asked} sent more than ${MOST_BYTES} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'the connection was cut'
  return messageOf(cause).slice(0, 200) || code || 'no reason given'
}
