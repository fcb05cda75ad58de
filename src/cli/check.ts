import { shown } from '../core/text.ts'
import { UserError } from '../errors.ts'
import { checkVaultAudit } from './check/vault-audit.ts'
import type { Ended, Given } from './verb.ts'
import { usageOf } from './verbs.ts'

/** `check vault-audit` and `check token-expiry`: what a monitor would say, once, for a person, a script or a check of Consul or Nagios. */
export async function checkVerb(given: Given): Promise<Ended> {
  const [what, ...words] = given.words
  if (what === 'vault-audit') return checkVaultAudit(given, words)
  // Loaded only when it is called: the settings need a reader of YAML, and the other check is called often.
  if (what === 'token-expiry') return (await import('./check/token-expiry.ts')).checkTokenExpiry(given, words)
  const wrong = what ? `${shown(what)} is nothing that can be checked` : 'Say what to check'
  throw new UserError(`${wrong}: vault-audit or token-expiry.\n${usageOf('check')}`)
}
