import { appendFileSync, mkdirSync } from 'node:fs'
import { stringify } from 'yaml'
import { ACCESSOR } from './deploy-token.ts'
import { type DemoFolder, writePrivate } from './folder.ts'

/**
 * Writes the settings of the demo's monitor, with thresholds and times for somebody who waits, and an audit file where there is
 * none; gives the path of the settings. What they mean stands in examples/monitors.yml.
 */
export function writeMonitors(folder: DemoFolder): string {
  for (const part of ['monitor', 'vault']) mkdirSync(folder.file(part), { recursive: true, mode: 0o700 })
  const audit = folder.file('vault/audit.log')
  appendFileSync(audit, '', { mode: 0o600 })
  const file = folder.file('monitor/monitors.yml')
  const settings = {
    vault_audit: {
      file: audit,
      state: folder.file('monitor/vault-audit.json'),
      thresholds: [{ count: 'denied', window: '1m', warning: 5, critical: 20 }],
    },
    token_expiry: {
      every: '5s',
      entries: [
        {
          kind: 'vault_token',
          name: 'deploy',
          owner: 'platform',
          accessor: ACCESSOR,
          runbook: 'https://example.com/runbooks/deploy-token',
          renew: true,
        },
      ],
    },
    consul: { ttl: '10s', tags: ['vault'] },
  }
  writePrivate(file, stringify(settings))
  return file
}
