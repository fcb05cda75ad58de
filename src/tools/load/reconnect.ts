import type { EventEmitter } from 'node:events'

/**
 * What of a client of autocannon (9.0.0, pinned) is used here. It opens a lost connection again at once, as often as it can and
 * whatever the rate is, and there is no option for it: `_connect` is its own.
 */
export type Client = EventEmitter & {
  _connect(): void
  readonly destroyed: boolean
  readonly rate?: number
  readonly pipelinedRequests: { clear(): void }
}

/** How long a client without a rate waits before it tries again. */
const PAUSE_MS = 100

/**
 * After a failure it waits as long as one request of its rate takes, so that a target that is down gets no more than was asked for.
 * `onClosed`: the connection was closed where an answer was due, of which autocannon says nothing.
 */
export function reconnectCalmly(client: Client, onClosed: () => void): void {
  const connect = client._connect.bind(client)
  const pause = client.rate ? 1000 / client.rate : PAUSE_MS
  let [due, failed, waiting] = [false, false, false]
  const failure = () => {
    due = false
    failed = true
  }
  client.on('request', () => {
    due = true
  })
  client.on('response', () => {
    due = false
  })
  client.on('connError', failure)
  client.on('timeout', failure)
  const again = () => {
    waiting = false
    due = false
    // What was sent on the lost connection is answered by nobody; left here, later answers would be timed from its beginning.
    client.pipelinedRequests.clear()
    if (!client.destroyed) connect()
  }
  client._connect = () => {
    if (waiting) return
    if (due) {
      failure()
      onClosed()
    }
    if (!failed) return again()
    failed = false
    waiting = true
    setTimeout(again, pause)
  }
}
