import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import { startConsul, startRedis } from '../../examples/demo/parts.ts'
import { keysOf } from '../../src/engine/keys.ts'
import { createStore } from '../../src/engine/store.ts'
import { channels, commands, team } from '../e2e/site.ts'
import { startWorld, type World } from '../e2e/world.ts'
import type { Kill } from './choices.ts'
import { createCrews, type Role } from './crews.ts'
import { fragile } from './parts.ts'
import { isAlive, linesOf } from './processes.ts'
import { createSteps, type Hit, type Seat, type Stage, strike } from './strike.ts'

/** Seconds that applies of an environment take: too short to be hit, long enough to be hit, long enough to be adopted. */
const HOLDS: readonly number[] = [0, 2, 10]

/** `quick` notices the dead sooner, so that more happens in a run; `production` is what a site has that says nothing. */
export const paces = {
  quick: { slack: { edit_every: '1s', posts_per_second: 100, edits_per_minute: 6_000 }, worker: { dead_after: '3s' } },
  production: { slack: {}, worker: {} },
} as const
export type PaceName = keyof typeof paces

export type Place = { readonly environment: string; readonly channel: string }
export type Town = Awaited<ReturnType<typeof startTown>>

/** Everything real, with a Consul that keeps its data, two bots, two workers on machines of their own, and one environment per channel. */
export async function startTown(pace: PaceName, struck: (hit: Hit) => void, holds = HOLDS) {
  const own = mkdtempSync(join(tmpdir(), 'groundcrew-kill-'))
  const points = join(own, 'points')
  const notes = join(own, 'notes')
  for (const folder of [points, notes]) mkdirSync(folder)
  const places = holds.map((_, at) => ({ environment: `env${at}`, channel: channels[at] ?? '' }))
  const [consul, server, world] = await Promise.all([
    fragile((options) => startConsul({ ...options, dir: join(own, 'consul') })),
    fragile((options) => startRedis({ ...options, dir: join(own, 'redis') })),
    startWorld({
      bots: 0,
      workers: 0,
      environments: Object.fromEntries(holds.map((hold, at) => [`env${at}`, environment(`env${at}`, hold)])),
      sections: { slack: { team, ...paces[pace].slack }, worker: paces[pace].worker },
    }),
  ])
  const variables = variablesOf(world, { CONSUL_HTTP_ADDR: consul.url, REDIS_URL: server.url })
  const crews = createCrews(world.dir, { ...variables, TF_VAR_notes: notes, KILL_POINTS: points })
  const redis = new Redis(server.url, { maxRetriesPerRequest: 0, commandTimeout: 3_000, retryStrategy: () => 200 })
  // It is killed on purpose: whoever asks it meanwhile hears so.
  redis.on('error', () => {})
  const seat = async (role: Role, workDir: string): Promise<Seat> => {
    const crew = crews.launch(role, workDir)
    await crew.ready
    return { role, workDir, crew, down: false }
  }
  const seats = await Promise.all([
    ...['work-1', 'work-2'].map((workDir) => seat('worker', workDir)),
    ...[1, 2].map(() => seat('bot', '')),
  ])
  const [heard, machines, coming] = [createSteps(), { count: 2 }, new Map<Kill['victim'], Promise<void>>()]
  const stage: Stage = { world, redis: server, consul, crews, seats, points, heard, machines, coming, struck }
  return {
    world,
    consul,
    places,
    redis,
    heard,
    store: createStore(redis, keysOf('groundcrew'), Date.now),
    /** The work folders that have a worker now, or will have again. */
    machines: () => seats.map(({ workDir }) => workDir),
    applies: () => linesOf(join(notes, 'applies')),
    /** Resolves with the death; what was killed comes back meanwhile, before another of its kind is killed. */
    kill: (kill: Kill) => strike(stage, kill),
    whole: () => Promise.all(stage.coming.values()),
    /** Bots and workers that ended although nobody killed them. */
    fallen: () => seats.filter((each) => !each.down && !isAlive(each.crew.pid)),
    logs: () => seats.map(({ role, crew }) => ({ name: `${role} ${crew.pid}`, tail: crew.log().slice(-2_500) })),
    async stop(): Promise<void> {
      redis.disconnect()
      await crews.stop()
      await world.stop()
      await Promise.all([consul.stop(), server.stop()])
      rmSync(own, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function variablesOf({ dir, slack }: World, more: Readonly<Record<string, string>>) {
  return {
    ...more,
    PATH: process.env.PATH ?? '',
    HOME: dir,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: 'xoxb-test',
    SLACK_APP_TOKEN: 'xapp-test',
    GROUNDCREW_HTTP_PORT: '0',
    GROUNDCREW_SITE: join(dir, 'site.yml'),
    GROUNDCREW_COMMANDS: commands,
    GROUNDCREW_WORK_DIR: join(dir, 'work'),
    GROUNDCREW_ARTIFACT_KEY: '5e'.repeat(32),
    NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'points.ts'))}`,
  }
}

function environment(name: string, hold: number) {
  return {
    stack: join(import.meta.dirname, 'stack'),
    terraform: join(import.meta.dirname, 'terraform'),
    backend: { type: 'consul', config: { path: `kill/${name}` } },
    variables: { hold },
    pass: ['TF_VAR_notes'],
  }
}
