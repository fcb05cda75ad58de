import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import { startConsul } from '../../examples/demo/parts.ts'
import { keysOf } from '../../src/engine/keys.ts'
import { createStore } from '../../src/engine/store.ts'
import { channels } from '../e2e/site.ts'
import { type Crew, startWorld } from '../e2e/world.ts'
import type { Kill } from './choices.ts'
import { isAlive, linesOf } from './processes.ts'
import { createSteps, type Seat, type Stage, strike } from './strike.ts'

/** Seconds that applies of an environment take: too short to be hit, long enough to be hit, long enough to be adopted. */
const HOLDS = [0, 2, 5]

export type Place = { readonly environment: string; readonly channel: string }
export type Town = Awaited<ReturnType<typeof startTown>>

/** Everything real, with a Consul that keeps its data, two bots, two workers on machines of their own, and one environment per channel. */
export async function startTown() {
  const own = mkdtempSync(join(tmpdir(), 'groundcrew-kill-'))
  const points = join(own, 'points')
  const notes = join(own, 'notes')
  for (const folder of [points, notes]) mkdirSync(folder)
  const consul = await startConsul({ dir: join(own, 'consul') })
  const places = HOLDS.map((_, at) => ({ environment: `env${at}`, channel: channels[at] ?? '' }))
  const world = await startWorld({
    bots: 0,
    workers: 0,
    environments: Object.fromEntries(HOLDS.map((hold, at) => [`env${at}`, environment(`env${at}`, hold)])),
    variables: () => ({
      CONSUL_HTTP_ADDR: consul.url,
      TF_VAR_notes: notes,
      KILL_POINTS: points,
      NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'points.ts'))}`,
    }),
  })
  const redis = new Redis(world.redis.url, { maxRetriesPerRequest: 0, commandTimeout: 3_000, retryStrategy: () => 200 })
  // It is killed on purpose: whoever asks it meanwhile hears so.
  redis.on('error', () => {})
  const seats: Seat[] = await Promise.all([
    ...['work-1', 'work-2'].map(async (workDir) => seat('worker', workDir, await world.startWorker(workDir))),
    ...[1, 2].map(async () => seat('bot', '', await world.startBot())),
  ])
  const stage: Stage = { world, consul, seats, points, heard: createSteps(), machines: { count: 2 }, coming: new Map() }
  return {
    world,
    consul,
    places,
    redis,
    heard: stage.heard,
    store: createStore(redis, keysOf('groundcrew'), Date.now),
    applies: () => linesOf(join(notes, 'applies')),
    /** Resolves with the death; what was killed comes back meanwhile, before another of its kind is killed. */
    kill: (kill: Kill) => strike(stage, kill),
    whole: () => Promise.all(stage.coming.values()),
    /** Bots and workers that ended although nobody killed them. */
    fallen: () => seats.filter((each) => !each.down && !isAlive(each.crew.pid)),
    logs: () => seats.map(({ role, crew }) => ({ name: `${role} ${crew.pid}`, tail: crew.log().slice(-2_500) })),
    async stop(): Promise<void> {
      redis.disconnect()
      await world.stop()
      await consul.stop()
      rmSync(own, { recursive: true, force: true, maxRetries: 5 })
    },
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

function seat(role: Seat['role'], workDir: string, crew: Crew): Seat {
  return { role, workDir, crew, down: false }
}
