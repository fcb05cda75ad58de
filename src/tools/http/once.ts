import { once as event } from 'node:events'
import { request as ask, type IncomingMessage } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { HttpRequest } from './request.ts'

/** As much of an answer as is read. */
const MOST_BYTES = 64 * 1024
const CONNECTED_WITHIN = 10_000

/** `after`: how long it is asked to wait, in milliseconds. `cut`: why the rest of its text never came. */
export type Answer = {
  readonly kind: 'answer'
  readonly status: number
  readonly text: string
  readonly after: number
  readonly cut: string | null
}

/** `sent`: there was a connection, so that it may have been taken. */
export type Got = Answer | { readonly kind: 'broken'; readonly why: string; readonly sent: boolean }

/**
 * Sends a request once, over a connection of its own. That is made first, with its certificate checked, so that what breaks before has
 * surely not been sent. `fetch` tells neither, and gives up after five minutes without an answer.
 */
export async function once(request: HttpRequest, signal: AbortSignal): Promise<Got> {
  const url = new URL(request.url)
  let socket: Socket
  try {
    socket = await connected(url, signal)
  } catch (error) {
    return { kind: 'broken', why: `There was no connection: ${messageOf(error, signal)}`, sent: false }
  }
  try {
    return await answered(request, url, socket, signal)
  } catch (error) {
    const why = signal.aborted ? messageOf(error, signal) : `The connection broke: ${messageOf(error, signal)}`
    return { kind: 'broken', why, sent: true }
  } finally {
    socket.destroy()
  }
}

async function connected({ protocol, hostname, port }: URL, signal: AbortSignal): Promise<Socket> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const secure = protocol === 'https:'
  const place = { host, port: Number(port) || (secure ? 443 : 80) }
  // A name is asked for by SNI (RFC 6066, 3), an address is not.
  const named = isIP(host) ? {} : { servername: host }
  const socket = secure ? connectTls({ ...place, ...named, ALPNProtocols: ['http/1.1'] }) : connect(place)
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECTED_WITHIN)])
    await event(socket, secure ? 'secureConnect' : 'connect', { signal: limit })
    return socket
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw error
  }
}

async function answered(
  { method, headers, body }: HttpRequest,
  url: URL,
  socket: Socket,
  signal: AbortSignal,
): Promise<Got> {
  // Of this connection `node:http` need not know that it is encrypted.
  const [path, host] = [`${url.pathname}${url.search}`, { host: url.host }]
  const sent = ask({ method, path, headers: { ...headers, ...host }, signal, createConnection: () => socket })
  const told = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject)
    sent.on('upgrade', () => reject(new Error('it wants to go on with another protocol (101)')))
    sent.on('close', () => reject(new Error('it was closed without an answer')))
  })
  sent.end(body ?? undefined)
  const response = await told
  const { location, 'retry-after': after } = response.headers
  const begun = { kind: 'answer', status: response.statusCode ?? 0, after: waitOf(after) } as const
  if (location !== undefined)
    return { ...begun, text: `It sends on to ${hostOf(location, url)}, which is not followed.`, cut: null }
  return { ...begun, ...(await start(response, signal)) }
}

/** The beginning of the answer: what is longer is not read on. */
async function start(response: IncomingMessage, signal: AbortSignal): Promise<Pick<Answer, 'text' | 'cut'>> {
  const parts: Buffer[] = []
  let length = 0
  let cut: string | null = null
  try {
    for await (const part of response) {
      parts.push(part)
      length += part.length
      if (length > MOST_BYTES) break
    }
  } catch (error) {
    cut = messageOf(error, signal)
  }
  return { text: Buffer.concat(parts).subarray(0, MOST_BYTES).toString('utf8'), cut }
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function waitOf(after: string | undefined): number {
  if (after === undefined) return 0
  const wait = /^\s*\d+\s*$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now()
  return wait > 0 ? wait : 0
}

function messageOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return signal.reason?.name === 'TimeoutError' ? 'No answer came in time.' : 'It was called off.'
  const { name = '', code = '', message = '', reason } = error as Error & { code?: string; reason?: string }
  if (name === 'AbortError') return `not within ${CONNECTED_WITHIN / 1000} s.`
  return reason || message.split('\n')[0] || code || name
}

function hostOf(location: string, from: URL): string {
  return URL.canParse(location, from) ? new URL(location, from).host : 'an address that is none'
}
