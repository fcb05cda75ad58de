import autocannon from 'autocannon'
import type { Engine, ShareSpec } from './engine.ts'
import type { Client } from './reconnect.ts'
import { reconnectCalmly } from './reconnect.ts'

/** An answer that takes longer has failed. */
const PATIENCE_S = 10

/** How often autocannon looks whether its time is over. */
const LOOK_EVERY_MS = 100

/** HTTP load by autocannon, in this process. Answers of 400 and above count as failed; so do those that never come. */
export const withAutocannon: Engine = async (spec, onSample, signal) => {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  if (signal.aborted) return { end: 'stopped', seconds: 0 }
  const running = begin({
    url: targetsOf(spec),
    connections: spec.connections,
    // It ends at the first look after that: a rate is kept by bursts at the beginning of each second, and there must be none more.
    duration: Math.max(0.1, spec.seconds - LOOK_EVERY_MS / 1000),
    timeout: PATIENCE_S,
    sampleInt: LOOK_EVERY_MS,
    setupClient: (client: Client) =>
      reconnectCalmly(client, () => onSample({ at: seconds(), ms: null, error: 'connection closed' })),
    ...(spec.rate === undefined ? {} : { overallRate: spec.rate }),
  })
  running.on('response', (_client, status, _bytes, ms) =>
    onSample({ at: seconds(), ms, error: status >= 400 ? `HTTP ${status}` : null }),
  )
  running.on('reqError', (error: NodeJS.ErrnoException) => onSample({ at: seconds(), ms: null, error: wordsOf(error) }))
  const stop = () => running.stop()
  signal.addEventListener('abort', stop, { once: true })
  await running
  return { end: signal.aborted ? 'stopped' : 'finished', seconds: seconds() }
}

/** The types of the package know neither more than one address nor that the promise can be stopped and listened to. */
const begin = autocannon as unknown as (options: Record<string, unknown>) => autocannon.Instance & PromiseLike<unknown>

/** Its connections go round all addresses; shares with few of them begin at different ones. */
function targetsOf({ targets, share, connections }: ShareSpec): string[] {
  const from = (share * connections) % Math.max(1, targets.length)
  return [...targets.slice(from), ...targets.slice(0, from)]
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ENOTFOUND: 'no such host',
  EHOSTUNREACH: 'host unreachable',
  EADDRNOTAVAIL: 'no free local port',
  EMFILE: 'too many open files',
}

function wordsOf({ code, message }: NodeJS.ErrnoException): string {
  return WORDS[code ?? ''] ?? (message === 'request timed out' ? 'timed out' : (code ?? message.slice(0, 60)))
}
