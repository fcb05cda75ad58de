import { parseArgs } from 'node:util'
import { readMonitors } from '../../config/monitors.ts'
import { need, readConfig } from '../../config.ts'
import { messageOf, UserError } from '../../errors.ts'
import { createLog } from '../../log.ts'
import { asksVault } from '../../monitors/token-expiry/read.ts'
import { createTokenExpiry } from '../../monitors/token-expiry.ts'
import { createConsulAgent } from '../../tools/consul/agent.ts'
import { createVault } from '../../tools/vault.ts'
import { fileFor } from '../file.ts'
import type { Ended, Given } from '../verb.ts'
import { usageOf } from '../verbs.ts'

const CODES = { passing: 0, warning: 1, critical: 2 } as const

/** One look at everything in the monitors' settings that expires. It renews nothing: whoever only asks changes nothing. */
export async function checkTokenExpiry(given: Given, words: readonly string[]): Promise<Ended> {
  const config = readConfig(given.env)
  const named = settingsIn(words)
  const { token_expiry } = await readMonitors(named ? fileFor(given.env, named) : config.settings.GROUNDCREW_MONITORS)
  if (!token_expiry) throw new UserError('The settings have no `token_expiry`, so there is nothing to look at.')
  const entries = token_expiry.entries.map((entry) =>
    entry.kind === 'vault_token' ? { ...entry, renew: false } : entry,
  )
  const said: { status: keyof typeof CODES; output: string } = { status: 'critical', output: '' }
  const agent = createConsulAgent(
    config.settings.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500',
    config.settings.CONSUL_HTTP_TOKEN,
  )
  const vault = asksVault(entries) ? createVault(need(config, 'VAULT_ADDR'), config.settings.VAULT_TOKEN) : undefined
  const watch = createTokenExpiry(
    { ...token_expiry, entries },
    {
      vault,
      consulToken: agent.token,
      report: { say: (status, output) => void Object.assign(said, { status, output }) },
      log: createLog('check', 'silent'),
      now: Date.now,
    },
  )
  await watch.round()
  const out = given.options.json ? JSON.stringify(watch.details()) : said.output
  return { out, code: CODES[said.status] }
}

function settingsIn(words: readonly string[]): string | undefined {
  try {
    return parseArgs({ args: [...words], options: { settings: { type: 'string' } }, strict: true }).values.settings
  } catch (cause) {
    throw new UserError(`${messageOf(cause).split('. ')[0]}.\n${usageOf('check')}`, { cause })
  }
}
