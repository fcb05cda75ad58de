import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { startRedis, startSlack, waitFor } from '../../examples/demo/parts.ts'
import { slackControl } from '../../examples/demo/slack-control.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createBudgets } from '../../src/engine/budgets.ts'
import { keysOf } from '../../src/engine/keys.ts'
import { createOutbox } from '../../src/engine/outbox.ts'
import { createProgress } from '../../src/engine/progress.ts'
import { createStore } from '../../src/engine/store.ts'
import type { ClientName } from '../../src/slack/clients.ts'
import type { Pace } from '../../src/slack/parts.ts'
import { createClients, createPoster } from '../../src/slack/post.ts'
import { site } from '../core/sample-site.ts'
import { workspace } from '../e2e/site.ts'
import { pass, startSlackProxy } from '../fixtures/slack-proxy.ts'

/** Waits that tests can afford, and budgets that do not slow them down; what is proved about the usual ones has a test of its own. */
export const brisk = {
  first: 100,
  most: 500,
  refused: 500,
  auth: 300,
  doubt: 2_000,
  stop: 3_000,
  posts: { most: 1_000, per: 1_000 },
  edits: { most: 1_000, per: 1_000 },
  reads: { most: 1_000, per: 1_000 },
} satisfies Partial<Pace>

const LIMIT = 500
const limits: Record<ClientName, number> = {
  posts: LIMIT,
  edits: LIMIT,
  files: LIMIT,
  reads: LIMIT,
  lookups: LIMIT,
  answers: LIMIT,
}

export type Rig = Awaited<ReturnType<typeof startRig>>
export type Bot = ReturnType<Rig['bot']>

/** Real Redis and local-slack with the proxy between, and posters as a bot has them, without the rest of the bot. */
export async function startRig() {
  const dir = mkdtempSync(join(tmpdir(), 'groundcrew-outbox-'))
  const [redisPart, slack] = await Promise.all([
    startRedis({ dir: join(dir, 'redis') }),
    startSlack({ dir: join(dir, 'slack'), config: workspace() }),
  ])
  const proxy = await startSlackProxy(() => slack.url)
  const redis = new Redis(redisPart.url)
  const control = slackControl(slack.url)
  const keys = keysOf('outbox')
  const now = () => Date.now()
  const artifactKey = '0'.repeat(64)
  const bots: { stop(): Promise<void> }[] = []
  const store = createStore(redis, keys, now)
  const outbox = createOutbox(redis, keys, now)

  /** A poster with everything of its own; `events` is what it logged. */
  function bot(pace: Partial<Pace> = {}, more: Partial<typeof limits> = {}) {
    const mine = new Redis(redisPart.url)
    const events: Record<string, unknown>[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => events.push(JSON.parse(line)) })
    const poster = createPoster({
      clients: createClients('xoxb-test', proxy.apiUrl, { ...limits, ...more }),
      budgets: createBudgets(mine, keys),
      outbox: createOutbox(mine, keys, now),
      store: createStore(mine, keys, now),
      site: { ...site, channels: { ops: 'C00ROOM' } },
      artifacts: createArtifacts(mine, keys, artifactKey),
      progressOf: createProgress(mine, keys).get,
      auditLine: async () => null,
      now,
      random: Math.random,
      pace: { ...brisk, ...pace },
      log,
    })
    const timer = setInterval(poster.kick, 20)
    const started = {
      ...poster,
      events,
      saw: (text: string) => events.filter(({ msg }) => String(msg).includes(text)),
      async stop() {
        clearInterval(timer)
        await poster.stop()
        mine.disconnect()
      },
    }
    bots.push(started)
    return started
  }

  /** Nothing waits to be shown any more, nothing is in doubt. */
  const settled = (within = '20s') =>
    waitFor(async () => (await redis.zcard(keys.outbox)) + (await redis.hlen(`${keys.outbox}:doubts`)) === 0, {
      what: 'everything to be shown',
      within,
      every: 20,
    }).catch(async (error: Error) => {
      const left = await redis.zrange(keys.outbox, '0', '-1', 'WITHSCORES')
      throw new Error(`${error.message} Left: ${left.join(' ')}`)
    })

  return {
    dir,
    redis,
    redisUrl: redisPart.url,
    keys,
    slack,
    proxy,
    control,
    store,
    outbox,
    artifacts: createArtifacts(redis, keys, artifactKey),
    progress: createProgress(redis, keys),
    bot,
    settled,
    /** Between two tests: no bots, no faults, nothing stored, nothing said. */
    async clear() {
      proxy.choose(pass)
      proxy.letGo()
      await Promise.all(bots.splice(0).map((each) => each.stop()))
      proxy.calls.length = 0
      await redis.flushall()
      await control.reset()
    },
    async stop() {
      proxy.letGo()
      await Promise.all(bots.map((each) => each.stop()))
      redis.disconnect()
      await control.close()
      await proxy.stop()
      await Promise.all([redisPart.stop(), slack.stop()])
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
