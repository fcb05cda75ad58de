import { startClock } from './bot/clock.ts'
import { watchOutside } from './bot/outside.ts'
import { startUpkeep } from './bot/upkeep.ts'
import { serveWeb } from './bot/web.ts'
import { loadCommands } from './commands.ts'
import { readSite } from './config/site.ts'
import { need, readConfig } from './config.ts'
import { createCatalog } from './core/command.ts'
import { milliseconds } from './core/duration.ts'
import type { Site } from './core/site.ts'
import { checkTriggerLines } from './core/trigger/line.ts'
import { maskOf } from './engine/audit/secrets.ts'
import { createBudgets } from './engine/budgets.ts'
import { createCrew } from './engine/crew.ts'
import { createEngine } from './engine/engine.ts'
import { forgetGroup, writeGroup } from './engine/groups.ts'
import { createHomes } from './engine/homes.ts'
import { createLinks, linkTo } from './engine/links.ts'
import { createMetrics } from './engine/metrics.ts'
import { keepFixed } from './engine/schedule-fixed.ts'
import { checkHookLines, secretsOf } from './http/server.ts'
import { createLog } from './log.ts'
import { main } from './main.ts'
import { createSlackApp } from './slack/app.ts'
import { createGroups } from './slack/groups.ts'
import { createNames } from './slack/names.ts'
import { paceOf } from './slack/parts.ts'
import { createClients, createPoster } from './slack/post.ts'
import { createSendFile } from './slack/send-file.ts'

/** The site with the address of its pages, where it does not say one itself. */
function reachedAt(site: Site, address: string | undefined): Site {
  if (!address || site.http.public_url) return site
  return { ...site, http: { ...site.http, public_url: address } }
}

/** Process 1: Slack in and out. Loads the commands, stores what people ask, shows what is stored; runs no stage. */
await main(
  'bot',
  'listens to Slack and keeps its messages true; see README.md for its environment variables',
  async () => {
    const config = readConfig()
    const { settings } = config
    const log = createLog('bot', settings.LOG_LEVEL)
    const token = need(config, 'SLACK_BOT_TOKEN')
    const site = reachedAt(await readSite(settings.GROUNDCREW_SITE), settings.GROUNDCREW_PUBLIC_URL)
    const catalog = createCatalog(await loadCommands(settings.GROUNDCREW_COMMANDS.split(',')), site)
    const secret = secretsOf(site, config.variables)
    checkHookLines(site, catalog)
    checkTriggerLines(site, catalog)
    const metrics = createMetrics()
    const engine = await createEngine(config, site, log, metrics.changed)
    const { redis, keys, store, now, outbox } = engine

    const clients = createClients(token, settings.SLACK_API_URL, {}, metrics.called)
    const groups = createGroups({
      client: clients.lookups,
      site,
      log,
      now,
      save: (group, users, at) => writeGroup(redis, keys, group, users, at),
      forget: (group) => forgetGroup(redis, keys, group),
    })
    const groupsTimer = setInterval(() => void groups(), 60_000)
    const parts = {
      store,
      site,
      kinds: engine.kinds,
      now,
      catalog,
      groups,
      audit: engine.audit,
      artifacts: engine.artifacts,
      kick: engine.sweeper.kick,
      consul: {
        address: settings.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500',
        token: settings.CONSUL_HTTP_TOKEN,
        mask: maskOf(config.variables, site),
      },
    }
    const crew = createCrew(parts)
    const links = createLinks(need(config, 'GROUNDCREW_ARTIFACT_KEY'), settings.GROUNDCREW_LINK_SECRET)
    const lasts = milliseconds(site.http.link_lasts)
    const pageAt = (path: string) => linkTo({ links, publicUrl: site.http.public_url, lasts, now: now() }, path)
    const poster = createPoster({
      pageAt,
      clients,
      budgets: createBudgets(redis, keys),
      outbox,
      store,
      site,
      artifacts: engine.artifacts,
      progressOf: engine.progress.get,
      auditLine: engine.audit.line,
      auditAbout: engine.audit.about,
      now,
      random: Math.random,
      // Loaded when it is needed: the charts take a third of a second, which a start can do without.
      drawMinutes: async (chart) => (await import('./tools/chart-minutes.ts')).drawMinutes(chart),
      pace: paceOf(site),
      log,
    })
    const app = createSlackApp(
      config,
      {
        crew,
        parts,
        log,
        openForm: async (trigger, view) => {
          await clients.answers.views.open({
            trigger_id: trigger,
            view: view as Parameters<typeof clients.answers.views.open>[0]['view'],
          })
        },
        sendFile: createSendFile(clients, log),
        asked: async (actor) => ({ actor, ...(await crew.rightsFor(actor)), channel: null }),
        pageAt,
      },
      createHomes(redis, keys, now),
      log,
      metrics.called,
    )
    await groups()
    const stopFixed = await keepFixed(parts, log)
    const bot = { config, engine, parts, crew, log }
    const clock = startClock(bot, secret)
    const upkeep = startUpkeep(bot)
    const outside = watchOutside(bot)
    await engine.onFeed(() => {
      outside.kick()
      engine.sweeper.kick()
      clock.kick()
      poster.kick()
      app.homes.kick()
    })
    await app.start({ port: settings.SLACK_HTTP_PORT, host: settings.SLACK_HTTP_HOST })
    const web = await serveWeb(bot, {
      ...{ links, secret, registry: metrics.registry, reached: app.reached },
      namesOf: createNames({ client: clients.lookups, log, now }),
    })
    await poster.openAnew()
    poster.kick()
    log.info({ mode: settings.SLACK_MODE, commands: catalog.entries.size }, 'bot ready')

    return {
      log,
      async stop() {
        clearInterval(groupsTimer)
        stopFixed()
        await web.stop()
        await outside.stop()
        await clock.stop()
        await app.homes.stop()
        await app.stop()
        await upkeep.stop()
        await poster.stop()
        await engine.close()
      },
    }
  },
)
