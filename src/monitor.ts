import { need, readConfig, readMonitors } from './config.ts'
import { milliseconds } from './core/duration.ts'
import { createLog } from './log.ts'
import { main } from './main.ts'
import { createReport } from './monitors/report.ts'
import { LOOPBACK, serveDetails } from './monitors/serve.ts'
import { asksVault } from './monitors/token-expiry/read.ts'
import { createTokenExpiry } from './monitors/token-expiry.ts'
import { createVaultAudit } from './monitors/vault-audit.ts'
import { createConsulAgent } from './tools/consul/agent.ts'
import { createVault } from './tools/vault.ts'

/** Process 3: one per host of Vault. It needs neither Slack nor Redis, and reports to the Consul agent of its host. */
await main(
  'monitor',
  "watches Vault's audit file and what expires, and reports to Consul; see docs/monitors.md",
  async () => {
    const config = readConfig()
    const { settings } = config
    const { vault_audit, token_expiry, consul, http } = await readMonitors(settings.GROUNDCREW_MONITORS)
    const log = createLog('monitor', settings.LOG_LEVEL)
    const agent = createConsulAgent(need(config, 'CONSUL_HTTP_ADDR'), settings.CONSUL_HTTP_TOKEN)
    const pages = new Map<string, () => unknown>()
    const server = await serveDetails(http.port, pages)
    const stopping = new AbortController()
    const ends: (() => Promise<void>)[] = []
    const now = Date.now

    function reportAs(service: string, name: string) {
      const check = { id: `${service}:status`, name, ttlMs: milliseconds(consul.ttl) }
      const place = { address: LOOPBACK, port: server.port, tags: consul.tags }
      return createReport(agent, { id: service, name: service, ...place, check }, log)
    }

    function keepRunning(run: Promise<void>): void {
      ends.push(() => run)
      run.catch((error: unknown) => {
        log.fatal({ err: error }, 'a watch ended')
        process.exit(1)
      })
    }

    if (vault_audit) {
      const report = reportAs('vault-audit-monitor', 'Denied requests')
      const watch = await createVaultAudit(vault_audit, { log, report, now })
      pages.set('/vault-audit', watch.details)
      // Ready means that it follows: on a first start, what is written from now on counts.
      await watch.round()
      keepRunning(watch.run(stopping.signal))
      ends.push(report.stop, watch.close)
    }
    if (token_expiry) {
      const vault = asksVault(token_expiry.entries)
        ? createVault(need(config, 'VAULT_ADDR'), settings.VAULT_TOKEN)
        : undefined
      const report = reportAs('token-expiry-monitor', 'Tokens and certificates')
      const watch = createTokenExpiry(token_expiry, { vault, consulToken: agent.token, log, report, now })
      pages.set('/token-expiry', watch.details)
      keepRunning(watch.run(stopping.signal))
      ends.push(report.stop)
    }
    log.info({ file: vault_audit?.file, expiring: token_expiry?.entries.length, http: server.port }, 'monitor ready')
    return {
      log,
      async stop() {
        stopping.abort()
        for (const end of ends) await end()
        await server.stop()
      },
    }
  },
)
