import { loadCommands } from './commands.ts'
import { need, readConfig, readSite } from './config.ts'
import { createCatalog } from './core/command.ts'
import { milliseconds } from './core/duration.ts'
import type { Site } from './core/site.ts'
import { checkTriggerLines } from './core/trigger/line.ts'
import { createAlerts } from './engine/alerts.ts'
import { maskOf } from './engine/audit/secrets.ts'
import { createGlassClock } from './engine/break-glass/clock.ts'
import { createBudgets } from './engine/budgets.ts'
import { createServiceWatcher } from './engine/consul/watcher.ts'
import { createCrew } from './engine/crew.ts'
import type { Perform } from './engine/effects.ts'
import { createSweeper } from './engine/effects.ts'
import { createEngine } from './engine/engine.ts'
import { forgetGroup, writeGroup } from './engine/groups.ts'
import { createHomes } from './engine/homes.ts'
import { createCatchUp } from './engine/kv-catch-up.ts'
import { createLinks, linkTo } from './engine/links.ts'
import { createMetrics } from './engine/metrics.ts'
import { createRetention } from './engine/retention.ts'
import { createClock } from './engine/schedule-clock.ts'
import { keepFixed } from './engine/schedule-fixed.ts'
import { createSilence } from './engine/silence.ts'
import { createStepReport } from './engine/step-report.ts'
import { createTriggers } from './engine/triggers.ts'
import { createWatch } from './engine/watch.ts'
import { assetRoutes } from './http/assets.ts'
import { botRoutes, serveBot } from './http/bot.ts'
import { runRoutes } from './http/runs.ts'
import { checkHookLines, hookRoute, secretsOf } from './http/server.ts'
import { createLog } from './log.ts'
import { main } from './main.ts'
import { createSlackApp } from './slack/app.ts'
import { createGroups } from './slack/groups.ts'
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
    // What the clock starts needs the commands, and a report its secret, so that only bots do it.
    const [byClock, reports] = [createClock(parts, crew), createStepReport({ ...parts, log, secret })]
    const ends = createGlassClock(parts)
    const catchUp = createCatchUp({ ...parts, log }, crew)
    const performs: Perform = (effect, looks) =>
      (({ report: reports, glass: ends, 'kv-catch-up': catchUp })[effect.do as string] ?? byClock)(effect, looks)
    const forBots = { due: keys.dueForBots, effects: keys.effects }
    const clock = createSweeper(redis, forBots, performs, now, log)
    const besides = createSilence({
      progressOf: engine.progress.get,
      show: (execution) => outbox.want(`execution:${execution}`),
      after: milliseconds(site.worker.quiet_after),
      now,
    })
    const watched = { store, redis, keys, kinds: engine.kinds, deadAfter: engine.deadAfter, now, log }
    const watch = createWatch({ ...watched, besides })
    const retention = createRetention({ redis, keys, store, site, now, log })
    const alerts = site.alerts
      ? createAlerts(
          {
            ...{ redis, keys, store, site, now, outbox, log, consul: parts.consul },
            monitorToken: settings.GROUNDCREW_MONITOR_TOKEN,
            name: `${settings.GROUNDCREW_HOST}, process ${process.pid}`,
          },
          site.alerts,
        )
      : null
    const followed = createServiceWatcher({ redis, keys, store, site, now, log, consul: parts.consul })
    const hasTriggers = Object.keys(site.triggers).length > 0
    const triggers = hasTriggers ? createTriggers({ ...parts, redis, keys, log }, crew) : null
    await engine.onFeed(() => {
      alerts?.kick()
      engine.sweeper.kick()
      clock.kick()
      poster.kick()
      app.homes.kick()
    })
    await app.start({ port: settings.SLACK_HTTP_PORT, host: settings.SLACK_HTTP_HOST })
    const hooked = Object.keys(site.webhooks).length > 0
    const access = { parts, links, metricsToken: settings.GROUNDCREW_METRICS_TOKEN }
    const web = botRoutes({
      access,
      standing: { redis, keys, store, site, now, deadAfter: engine.deadAfter },
      registry: metrics.registry,
      slack: () => {
        const { ready, state, since } = app.reached()
        return { ready, state, age: Math.round((now() - since) / 1000) }
      },
      routes: [
        ...(hooked ? [hookRoute({ crew, parts, secret })] : []),
        ...runRoutes({
          access,
          ...{ store, redis, keys, now, artifacts: engine.artifacts, progressOf: engine.progress.get },
        }),
        ...(await assetRoutes()),
      ],
      log,
    })
    const place = { host: settings.GROUNDCREW_HTTP_HOST, port: settings.GROUNDCREW_HTTP_PORT, needed: hooked }
    const served = await serveBot(web.routes, place, log)
    await poster.openAnew()
    poster.kick()
    log.info({ mode: settings.SLACK_MODE, commands: catalog.entries.size }, 'bot ready')

    return {
      log,
      async stop() {
        clearInterval(groupsTimer)
        stopFixed()
        await served?.stop()
        await web.stop()
        await alerts?.stop()
        await followed.stop()
        await triggers?.stop()
        await clock.stop()
        await app.homes.stop()
        await app.stop()
        await watch.stop()
        await retention.stop()
        await poster.stop()
        await engine.close()
      },
    }
  },
)
