import { afterEach, beforeEach } from 'vitest'
import { loadCommands } from '../../src/commands.ts'
import { createCatalog } from '../../src/core/command.ts'
import type { Site } from '../../src/core/site.ts'
import { siteSchema } from '../../src/core/site.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { createLinks } from '../../src/engine/links.ts'
import type { Metrics } from '../../src/engine/metrics.ts'
import { createMetrics } from '../../src/engine/metrics.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { createProgress } from '../../src/engine/progress.ts'
import { createStore } from '../../src/engine/store.ts'
import { assetRoutes } from '../../src/http/assets.ts'
import { botRoutes } from '../../src/http/bot.ts'
import type { Part } from '../../src/http/health.ts'
import { runRoutes } from '../../src/http/runs.ts'
import type { Served } from '../../src/http/server.ts'
import { serve } from '../../src/http/server.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { written } from '../core/sample-site.ts'
import { silent } from '../engine/quiet.ts'
import type { Here } from '../engine/redis.ts'

export const KEY = 'cd'.repeat(32)
export const TOKEN = 'a-token-of-the-scraper'
export const links = createLinks(KEY)

const catalogue = await loadCommands(['commands'])

/** Engineers may `runs *`; Alice is one of them, Carol is not. */
export const roles = {
  ...written.roles,
  engineers: { members: ['U01ALICE'], may: [{ commands: ['runs *'] }] },
}

/** What a bot serves, on real Redis, with a Slack that is as the test says. */
export type Web = {
  metrics: Metrics
  slack: Part
  parts: CrewParts
  served: Served
  site: Site
  get(path: string, options?: { headers?: Record<string, string>; method?: string }): Promise<Response>
  /** Serves it anew with another section `http` of the site, and other rights of Alice. */
  open(http?: object, may?: readonly object[]): Promise<void>
}

export function useWeb(here: Here): Web {
  const web = {} as Web
  let stop = async () => {}
  web.open = async (http = {}, may = roles.engineers.may) => {
    await stop()
    web.site = siteSchema.parse({ ...written, roles: { ...roles, engineers: { ...roles.engineers, may } }, http })
    web.metrics = createMetrics()
    here.store = createStore(here.redis, here.keys, here.now, 0, web.metrics.changed)
    web.parts = {
      ...{ store: here.store, site: web.site, kinds: stageKinds, now: here.now, kick: () => {} },
      audit: createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: [] }),
      catalog: createCatalog(catalogue, web.site),
      groups: async () => new Map(),
      artifacts: createArtifacts(here.redis, here.keys, KEY),
      consul: { address: '127.0.0.1:1' },
    }
    const access = { parts: web.parts, links, metricsToken: TOKEN }
    const bot = botRoutes({
      access,
      standing: { ...here, site: web.site, deadAfter: 20_000 },
      registry: web.metrics.registry,
      slack: () => web.slack,
      routes: [
        ...runRoutes({
          access,
          namesOf: async () => new Map([['U01ALICE', 'alice']]),
          ...here,
          artifacts: web.parts.artifacts,
          progressOf: createProgress(here.redis, here.keys).get,
        }),
        ...(await assetRoutes()),
      ],
      log: silent,
    })
    const served = await serve(bot.routes, { host: '127.0.0.1', port: 0 }, silent)
    web.served = served
    stop = async () => {
      await served.stop()
      await bot.stop()
    }
  }
  beforeEach(async () => {
    web.slack = { ready: true, state: 'connected', age: 1 }
    await web.open()
  })
  afterEach(async () => {
    await stop()
    stop = async () => {}
  })
  web.get = (path, options = {}) =>
    fetch(`http://127.0.0.1:${web.served.port}${path}`, { redirect: 'manual', ...options })
  return web
}
