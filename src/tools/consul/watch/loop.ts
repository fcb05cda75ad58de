import { messageOf } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import type { Answer, Ask } from './ask.ts'
import { ConsulFailure } from './failure.ts'
import { type BackOff, backOffMs, createBucket, createSleeper } from './pace.ts'
import { type ConsulRow, contentOf, NOTHING } from './rows.ts'

/** One answer, and how far it can be believed. */
export type Read = {
  /** The very list of the read before that was taken, when nothing in it changed. */
  readonly rows: readonly ConsulRow[]
  /** X-Consul-Index */
  readonly index: string
  /** X-Consul-KnownLeader */
  readonly knownLeader: boolean
  /** X-Consul-LastContact: how long ago the server that answered heard of its leader. */
  readonly lastContactMs: number
  /** X-Consul-Results-Filtered-By-ACLs. Consul before 1.12 does not say so. */
  readonly filtered: boolean
}

export type Times = {
  readonly waitMs: number
  /** How long an answer may take besides that. */
  readonly answerMs: number
  /** Between two reads where Consul gives no index to wait by. */
  readonly pollMs: number
  readonly backOff: BackOff
}

/** The wait is short because after a restored snapshot the news come with its end only. */
export const USUAL: Times = {
  waitMs: 30_000,
  answerMs: 10_000,
  pollMs: 15_000,
  backOff: { firstMs: 1000, mostMs: 30_000 },
}

export type WatchOptions = {
  readonly dc: string
  /** At most one read in this time, two after a quiet time. */
  readonly readEveryMs: number
  /** A read that does not wait, at least this often, whatever the index says. */
  readonly resyncMs: number
  /**
   * Hears of every answer, since each one says that what is known still holds. True takes it; with false, or when it throws, all is
   * read again soon and handed over again: no change is lost.
   */
  readonly onRead: (read: Read) => boolean
  readonly onFailure: (failure: ConsulFailure) => void
  readonly times?: Partial<Times> | undefined
}

/** `hurry` ends a wait after a failure. `stop` aborts what is asked; afterwards nothing is called any more. */
export type Watching = { hurry(): void; stop(): Promise<void> }

type Parts = { readonly ask: Ask; readonly random: () => number; readonly log: Pick<Log, 'error'> }

/** Reads all checks of a datacenter again and again, each time as soon as something changed there. */
export function watchChecks({ ask, random, log }: Parts, options: WatchOptions): Watching {
  const { dc, onRead, onFailure } = options
  const times = { ...USUAL, ...options.times }
  const over = new AbortController()
  const pause = createSleeper(over.signal)
  const bucket = createBucket(options.readEveryMs, createSleeper(over.signal).sleep)
  let taken = NOTHING
  /** To wait by; null: all is read at once. */
  let index: bigint | null = null
  let readInFullAt = Number.NEGATIVE_INFINITY
  let fails = 0

  async function read(): Promise<boolean> {
    const full = index === null || performance.now() - readInFullAt >= options.resyncMs
    const answer = await ask({ ...questionOf(dc, full ? null : index, times), signal: over.signal })
    const got = indexOf(dc, answer)
    const content = contentOf(dc, answer.body, taken)
    if (full) readInFullAt = performance.now()
    if (over.signal.aborted || !onRead({ rows: content.rows, ...believing(answer, got) })) return false
    taken = content
    fails = 0
    const lower = index !== null && got < index
    index = lower || got === 0n ? null : got
    if (got === 0n) await pause.sleep(times.pollMs)
    return true
  }

  /** Asked in full after whatever went wrong: that it is over shows at once, not only when something changes. */
  async function again(retryAfterMs = 0): Promise<void> {
    index = null
    fails += 1
    await pause.sleep(Math.max(retryAfterMs, backOffMs(times.backOff, fails, random)))
  }

  async function turn(): Promise<void> {
    await bucket.take()
    if (over.signal.aborted) return
    try {
      if (!(await read())) await again()
    } catch (error) {
      if (over.signal.aborted) return
      if (error instanceof ConsulFailure) tell(error)
      else log.error({ dc, error: messageOf(error) }, 'checks of Consul not taken')
      await again(error instanceof ConsulFailure ? error.retryAfterMs : 0)
    }
  }

  function tell(failure: ConsulFailure): void {
    try {
      onFailure(failure)
    } catch (error) {
      log.error({ dc, error: messageOf(error) }, 'failure of Consul not taken')
    }
  }

  async function run(): Promise<void> {
    while (!over.signal.aborted) await turn()
  }
  const running = run()
  return {
    hurry: pause.wake,
    async stop() {
      over.abort()
      await running
    },
  }
}

function questionOf(dc: string, index: bigint | null, { waitMs, answerMs }: Times) {
  const query = new URLSearchParams({ dc })
  if (index !== null) {
    query.set('index', String(index))
    // With its unit: Consul reads a bare number as nanoseconds.
    query.set('wait', `${waitMs}ms`)
  }
  // Consul adds up to a sixteenth of the wait, so that not all come back at the same time.
  const limitMs = index === null ? answerMs : waitMs * 1.0625 + answerMs
  return { path: `/v1/health/state/any?${query}`, what: `for the checks of ${dc}`, limitMs: Math.ceil(limitMs) }
}

/** Consul always gives one: an answer without it comes from something else, or lost on its way what says whether to believe it. */
function indexOf(dc: string, { headers }: Answer): bigint {
  const header = headers.get('x-consul-index')
  if (header !== null && /^\d{1,20}$/.test(header)) return BigInt(header)
  const came = header === null ? 'none came' : `${JSON.stringify(header.slice(0, 40))} came`
  const text = `The answer for the checks of ${dc} should have a number as its X-Consul-Index, and ${came}: it is not from Consul, or a proxy cuts headers.`
  throw new ConsulFailure('malformed', text)
}

function believing({ headers }: Answer, index: bigint): Omit<Read, 'rows'> {
  return {
    index: String(index),
    knownLeader: headers.get('x-consul-knownleader') === 'true',
    lastContactMs: Number(headers.get('x-consul-lastcontact') ?? 0) || 0,
    filtered: headers.get('x-consul-results-filtered-by-acls') === 'true',
  }
}
