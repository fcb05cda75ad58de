import { spoken } from '../duration.ts'
import { asCode } from '../text.ts'
import type { Everywhere, Fresh } from './rows.ts'

/** Those that did not answer, each with the reason: an answer without them must not look whole. */
export function troubleLines({ datacenters }: Everywhere<unknown>): string[] {
  return datacenters.flatMap((each) =>
    each.trouble === undefined
      ? []
      : [
          `⚠️ ${asCode(each.dc)} ${each.refused ? '*refuses us*' : 'is *unreachable*'}: ${sentence(each.trouble)} What it has is missing here.`,
        ],
  )
}

/** How far each answer may be believed, and what the token may have hidden: one line. */
export function freshLine(answer: Everywhere<unknown>): string {
  const told = answer.datacenters.flatMap((each) =>
    each.trouble === undefined ? [`${asCode(each.dc)} ${freshText(each.fresh)}`] : [],
  )
  const fresh = told.length > 0 ? `As of now: ${told.join('; ')}.` : 'Nobody answered, so nothing is known.'
  return [fresh, ...hiddenText(answer)].join(' ')
}

/** A server that lags further behind its leader than this tells old news. */
const LATE_MS = 5_000

function freshText({ knownLeader, lastContactMs }: Fresh): string {
  if (knownLeader === null && lastContactMs === null) return 'does not say how fresh it is'
  const contact =
    lastContactMs === null
      ? ''
      : `, last contact ${lastContactMs < 1000 ? `${lastContactMs} ms` : spoken(lastContactMs)}`
  if (knownLeader === false) return `⚠️ *no leader known*${contact}: old news, and nothing can be written`
  const late = lastContactMs !== null && lastContactMs > LATE_MS ? ' ⚠️ old news' : ''
  return `leader known${contact}${late}`
}

/** What our token may have hidden, in a sentence; none where nothing can be. */
export function hiddenText({ datacenters, acl }: Everywhere<unknown>): string[] {
  const filtered = datacenters.flatMap((each) =>
    each.trouble === undefined && each.fresh.filtered ? [asCode(each.dc)] : [],
  )
  if (filtered.length > 0) return [`⚠️ *Rows are left out* in ${filtered.join(', ')}: our ACL token may not read them.`]
  if (acl === 'disabled') return []
  if (acl === 'unknown') return ['⚠️ Consul does not know our ACL token: it has expired or was deleted.']
  if (acl === 'anonymous') return ['⚠️ We send no ACL token: what nobody in particular may read is all that is shown.']
  return ['What our ACL token may not read is left out, without a word from Consul.']
}

/** Ends what others wrote, where they did not. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
