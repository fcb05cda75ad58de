import { shown } from '../core/text.ts'
import { UserError } from '../errors.ts'
import { showAudit } from './audit/show.ts'
import { verifyAudit } from './audit/verify.ts'
import type { Ended, Given } from './verb.ts'
import { usageOf } from './verbs.ts'

/** `audit verify` and `audit show`: for whoever may read the file and Redis anyway. */
export async function auditVerb(given: Given): Promise<Ended> {
  const [what, ...words] = given.words
  if (what === 'verify') return verifyAudit(given, words)
  if (what === 'show') return showAudit(given, words)
  const wrong = what ? `${shown(what)} is nothing that can be done` : 'Say what to do'
  throw new UserError(`${wrong} with the audit: verify or show.\n${usageOf('audit')}`)
}
