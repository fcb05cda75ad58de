import { messageOf } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import { createSleeper } from '../../../tools/consul/watch/pace.ts'
import type { ConsulWatch } from '../../../tools/consul/watch.ts'

type Parts = {
  readonly consul: Pick<ConsulWatch, 'ownToken'>
  readonly now: () => number
  readonly log: Pick<Log, 'warn'>
}

const EVERY_MS = 3_600_000
const SOON_MS = 24 * 3_600_000

/** Looks at our own token now and every hour, so that its end is in the log before it blinds us. */
export function watchToken(parts: Parts): { stop(): Promise<void> } {
  const over = new AbortController()
  const pause = createSleeper(over.signal)
  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      await checkToken(parts, over.signal)
      await pause.sleep(EVERY_MS)
    }
  }
  const running = run()
  return {
    async stop() {
      over.abort()
      await running
    },
  }
}

/** A Consul that does not answer here is no news: the watches say so. */
async function checkToken({ consul, now, log }: Parts, signal: AbortSignal): Promise<void> {
  try {
    const token = await consul.ownToken(signal)
    if (token === 'disabled') return
    if (token === 'unknown') return log.warn('our Consul token is unknown to Consul: it expired or was deleted')
    if (token === 'anonymous')
      return log.warn('no Consul token is set, and Consul has ACLs: it hides what it may not show')
    if (token.expiresAt === null || token.expiresAt - now() > SOON_MS) return
    log.warn({ expires: new Date(token.expiresAt).toISOString() }, 'our Consul token expires within a day')
  } catch (error) {
    if (!signal.aborted) log.warn({ error: messageOf(error) }, 'our Consul token could not be looked up')
  }
}
