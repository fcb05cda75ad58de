import type { IncomingMessage } from 'node:http'
import { HTTPReceiver, SocketModeReceiver } from '@slack/bolt'
import type { Log } from '../log.ts'
import { boltLogger } from './bolt-logger.ts'

/** Slack's own rule: a request is five minutes old at most. Bolt checks that, but takes one from the future as well. */
const FARTHEST_MS = 5 * 60_000

/**
 * Bolt's receiver of signed HTTP requests, which besides refuses a time stamp from the future: signed once, such a request
 * could be replayed for as long as it lies ahead.
 */
export function createHttpReceiver(signingSecret: string, now: () => number): HTTPReceiver {
  const receiver = new HTTPReceiver({ signingSecret })
  const listen = receiver.requestListener
  receiver.requestListener = (request, response) => {
    if (!isFromTheFuture(request, now())) return listen(request, response)
    response.writeHead(401).end()
  }
  return receiver
}

function isFromTheFuture({ headers }: IncomingMessage, now: number): boolean {
  return Number(headers['x-slack-request-timestamp']) * 1000 > now + FARTHEST_MS
}

/** Whether Slack reaches us, in a word, and since when (milliseconds since 1970). */
export type Reached = { readonly ready: boolean; readonly state: string; readonly since: number }

type Socket = { readonly appToken: string; readonly slackApiUrl: string; readonly log: Log; readonly now: () => number }

/** Bolt's receiver in Socket Mode, and what became of its connection. */
export function createSocketReceiver({ appToken, slackApiUrl, log, now }: Socket) {
  const logger = boltLogger(log)
  const clientOptions = { slackApiUrl, timeout: 10_000, retryConfig: { retries: 1 }, logger }
  const receiver = new SocketModeReceiver({ appToken, logger, installerOptions: { clientOptions } })
  let reached: Reached = { ready: false, state: 'not connected yet', since: now() }
  for (const state of ['connecting', 'connected', 'reconnecting', 'disconnecting', 'disconnected'])
    receiver.client.on(state, () => {
      if (reached.state !== state) reached = { ready: state === 'connected', state, since: now() }
    })
  return { receiver, reached: () => reached }
}
