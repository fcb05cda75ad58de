import type { IncomingMessage } from 'node:http'
import { HTTPReceiver } from '@slack/bolt'

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
