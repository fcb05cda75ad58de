import { readMonitors } from './config/monitors.ts'
import { need, readConfig } from './config.ts'
import { milliseconds } from './core/duration.ts'
import { createLog } from './log.ts'
import { main } from './main.ts'
import { createCanary } from './monitors/canary.ts'
import { createReport } from './monitors/report.ts'
import { serveDetails } from './monitors/serve.ts'
import { asksVault } from './monitors/token-expiry/read.ts'
import { createTokenExpiry } from './monitors/token-expiry.ts'
import { createVaultAudit } from './monitors/vault-audit.ts'
import { createConsulAgent } from './tools/consul/agent.ts'
import { createVault } from './tools/vault.ts'

/** A round that takes longer than this hangs, on a disk that is gone, say; each look at what expires ends after ten seconds by itself. */
const LONGEST_MS = { audit: 2 * 60_000, expiry: 15 * 60_000 }

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
    const server = await serveDetails({ ...http, token: settings.GROUNDCREW_MONITOR_TOKEN }, pages)
    const stopping = new AbortController()
    const ends: (() => Promise<void>)[] = []
    const now = Date.now

    const canary = vault_audit?.canary ? createCanary(milliseconds(vault_audit.canary), now) : undefined

    function reportAs(service: string, name: string, patienceMs: number) {
      const check = { id: `${service}:status`, name, ttlMs: milliseconds(consul.ttl) }
      const place = { address: http.host, port: server.port, tags: consul.tags }
      return createReport(agent, { id: service, name: service, ...place, check }, patienceMs, log)
    }

    function keepRunning(run: Promise<void>): void {
      ends.push(() => run)
      run.catch((error: unknown) => {
        log.fatal({ err: error }, 'a watch ended')
        process.exit(1)
      })
    }

    if (vault_audit) {
      const report = reportAs(
        'vault-audit-monitor',
        'Denied requests',
        milliseconds(vault_audit.poll) + LONGEST_MS.audit,
      )
      const watch = await createVaultAudit(vault_audit, { log, report, now, canary })
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
      const report = reportAs(
        'token-expiry-monitor',
        'Tokens and certificates',
        milliseconds(token_expiry.every) + LONGEST_MS.expiry,
      )
      const watch = createTokenExpiry(token_expiry, { vault, consulToken: agent.token, log, report, now, canary })
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
