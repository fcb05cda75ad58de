import { createAlerts } from '../engine/alerts.ts'
import { createServiceWatcher } from '../engine/consul/watcher.ts'
import { createTriggers } from '../engine/triggers.ts'
import type { BotParts } from './parts.ts'

/** What begins something because of what it sees elsewhere: alerts, services that somebody watches, triggers. */
export function watchOutside({ config, engine, parts, crew, log }: BotParts) {
  const { redis, keys, store, now, outbox } = engine
  const { site, consul } = parts
  const { settings } = config
  const alerts = site.alerts
    ? createAlerts(
        {
          ...{ redis, keys, store, site, now, outbox, log, consul },
          monitorToken: settings.GROUNDCREW_MONITOR_TOKEN,
          name: `${settings.GROUNDCREW_HOST}, process ${process.pid}`,
        },
        site.alerts,
      )
    : null
  const followed = createServiceWatcher({ redis, keys, store, site, now, log, consul })
  const variable = (name: string) => config.variables[name]
  const hasTriggers = Object.keys(site.triggers).length > 0
  const triggers = hasTriggers ? createTriggers({ ...parts, redis, keys, log, variable }, crew) : null
  return {
    kick: () => alerts?.kick(),
    async stop(): Promise<void> {
      await alerts?.stop()
      await followed.stop()
      await triggers?.stop()
    },
  }
}
