import type { AccessParts } from '../http/access.ts'
import { assetRoutes } from '../http/assets.ts'
import { botRoutes, serveBot } from '../http/bot.ts'
import type { PageParts } from '../http/runs.ts'
import { runRoutes } from '../http/runs.ts'
import type { secretsOf } from '../http/server.ts'
import { hookRoute } from '../http/server.ts'
import type { BotParts } from './parts.ts'

type WebParts = {
  readonly links: AccessParts['links']
  readonly registry: Parameters<typeof botRoutes>[0]['registry']
  readonly namesOf: PageParts['namesOf']
  readonly reached: () => { readonly ready: boolean; readonly state: string; readonly since: number }
  readonly secret: ReturnType<typeof secretsOf>
}

/** Webhooks, pages, health and metrics, served where the settings say. `reached`: whether Slack reaches us, and since when in milliseconds since 1970. */
export async function serveWeb(bot: BotParts, { links, registry, namesOf, reached, secret }: WebParts) {
  const { config, engine, parts, crew, log } = bot
  const { redis, keys, store, now, deadAfter, artifacts } = engine
  const { site } = parts
  const { settings } = config
  const hooked = Object.keys(site.webhooks).length > 0
  const access = { parts, links, metricsToken: settings.GROUNDCREW_METRICS_TOKEN }
  const web = botRoutes({
    access,
    standing: { redis, keys, store, site, now, deadAfter },
    registry,
    slack: () => {
      const { ready, state, since } = reached()
      return { ready, state, age: Math.round((now() - since) / 1000) }
    },
    routes: [
      ...(hooked ? [hookRoute({ crew, parts, secret })] : []),
      ...runRoutes({ access, namesOf, store, redis, keys, now, artifacts, progressOf: engine.progress.get }),
      ...(await assetRoutes()),
    ],
    log,
  })
  const place = { host: settings.GROUNDCREW_HTTP_HOST, port: settings.GROUNDCREW_HTTP_PORT, needed: hooked }
  const served = await serveBot(web.routes, place, log)
  return {
    async stop(): Promise<void> {
      await served?.stop()
      await web.stop()
    },
  }
}
