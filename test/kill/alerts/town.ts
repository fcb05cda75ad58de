import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import { startConsul, startRedis, startSlack } from '../../../examples/demo/parts.ts'
import { slackControl } from '../../../examples/demo/slack-control.ts'
import { keysOf } from '../../../src/engine/keys.ts'
import { createStore } from '../../../src/engine/store.ts'
import { channels, commands, siteText, workspace } from '../../e2e/site.ts'
import type { Kill } from '../choices.ts'
import { createCrews, type Role } from '../crews.ts'
import { fragile } from '../parts.ts'
import { isAlive } from '../processes.ts'
import { createSteps, type Hit, type Seat, type Stage, strike } from '../strike.ts'
import { createDowns } from './downs.ts'
import { alerts, monitors } from './settings.ts'
import { stall } from './stall.ts'

const [ops = '', pager = ''] = channels

export type Town = Awaited<ReturnType<typeof startTown>>

/** Everything real: a Consul that keeps its data, a Redis that syncs every write, two bots, and one monitor that follows a file. */
export async function startTown(struck: (hit: Hit) => void) {
  const dir = mkdtempSync(join(tmpdir(), 'groundcrew-kill-alerts-'))
  const [points, audit] = [join(dir, 'points'), join(dir, 'audit.log')]
  mkdirSync(points)
  appendFileSync(audit, '')
  writeFileSync(join(dir, 'site.yml'), siteText({ environments: {}, sections: sections() }))
  writeFileSync(join(dir, 'monitors.yml'), JSON.stringify(monitors(audit, join(dir, 'audit.json'))))
  const [consul, server, slack] = await Promise.all([
    fragile((options) => startConsul({ ...options, dir: join(dir, 'consul') })),
    fragile((options) => startRedis({ ...options, dir: join(dir, 'redis') })),
    startSlack({ dir: join(dir, 'slack'), config: workspace(['pager']) }),
  ])
  const crews = createCrews(dir, {
    PATH: process.env.PATH ?? '',
    HOME: dir,
    REDIS_URL: server.url,
    CONSUL_HTTP_ADDR: consul.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: 'xoxb-test',
    SLACK_APP_TOKEN: 'xapp-test',
    GROUNDCREW_SITE: join(dir, 'site.yml'),
    GROUNDCREW_COMMANDS: commands,
    GROUNDCREW_ARTIFACT_KEY: '5e'.repeat(32),
    GROUNDCREW_MONITORS: join(dir, 'monitors.yml'),
    KILL_POINTS: points,
    NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, '../points.ts'))}`,
  })
  const redis = new Redis(server.url, { maxRetriesPerRequest: 0, commandTimeout: 3_000, retryStrategy: () => 200 })
  // It is killed on purpose: whoever asks it meanwhile hears so.
  redis.on('error', () => {})
  const seat = async (role: Role): Promise<Seat> => {
    const crew = crews.launch(role, '')
    await crew.ready
    return { role, workDir: '', crew, down: false }
  }
  const downs = createDowns()
  const hears = (hit: Hit) => {
    downs.down(hit.victim)
    struck(hit)
  }
  const control = slackControl(slack.url)
  const stage: Stage = {
    ...{ world: { dir }, redis: server, consul, crews, points, heard: createSteps(), machines: { count: 0 } },
    ...{ seats: await Promise.all((['monitor', 'bot', 'bot'] as const).map(seat)), coming: new Map(), struck: hears },
  }
  return {
    dir,
    control,
    consul,
    downs,
    audit,
    channels: [ops, pager],
    heard: stage.heard,
    store: createStore(redis, keysOf('groundcrew'), Date.now),
    /** Resolves with the death; what was killed comes back meanwhile. Says what became of it, where that is not what was meant. */
    async strike(kill: Kill, still: number | null): Promise<string> {
      const how = still === null ? await strike(stage, kill) : await stall(stage, kill, still)
      const { victim } = kill
      void stage.coming.get(victim)?.then(
        () => downs.up(victim),
        () => {},
      )
      return how
    },
    whole: () => Promise.all(stage.coming.values()),
    fallen: () => stage.seats.filter((each) => !each.down && !isAlive(each.crew.pid)),
    logs: () => stage.seats.map(({ role, crew }) => ({ name: `${role} ${crew.pid}`, text: crew.log() })),
    async stop(): Promise<void> {
      redis.disconnect()
      await crews.stop()
      await control.close()
      await Promise.all([consul.stop(), server.stop(), slack.stop()])
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function sections() {
  const may = [{ commands: ['alerts *'] }]
  return {
    channels: { ops, pager },
    roles: {
      engineers: { members: ['U01ALICE', 'U02BOB'], may },
      approvers: { members: ['U02BOB', 'U03CAROL'], may },
    },
    alerts,
  }
}
