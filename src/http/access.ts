import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { decide, rolesOf } from '../core/access.ts'
import { milliseconds } from '../core/duration.ts'
import type { Site } from '../core/site.ts'
import type { Links } from '../engine/links.ts'
import type { CrewParts } from '../engine/parts.ts'
import { isSame } from '../engine/signature.ts'
import type { Exchange } from './exchange.ts'
import { Refusal } from './refusal.ts'

export type AccessParts = {
  readonly parts: Pick<CrewParts, 'site' | 'catalog' | 'groups' | 'now'>
  readonly links: Links
  readonly metricsToken: string | undefined
}

const COOKIE = 'groundcrew_page'

/**
 * Until when somebody may go on looking, in milliseconds since 1970, and whether he may also run a command. Who has a link is nobody
 * in particular: he sees what everybody in the channel of the message sees, and no more.
 */
export type Admitted = {
  readonly until: number
  /** `link`: also who opened one lately. `person`: whom a proxy names, and who is asked for again with each page. */
  readonly by: 'link' | 'person'
  may(command: string): boolean
}

const byLink = { by: 'link', may: () => false } as const

/**
 * Lets in who has a signed link to this page, who opened one in this browser lately, or who a listed proxy says may run the command that
 * shows the same in chat. Everybody else is refused. Who comes with a link gets a session for this page alone.
 */
export async function admit(access: AccessParts, exchange: Exchange, page: string, command: string): Promise<Admitted> {
  const { links, parts } = access
  const { http } = parts.site
  const now = parts.now()
  const key = exchange.url.searchParams.get('key')
  const linked = key === null ? null : links.verify('link', page, key, now)
  // Never longer than the link: pages link to each other, and who goes from one to the next would never come to an end.
  const until = Math.min(now + milliseconds(http.session_lasts), linked ?? Number.POSITIVE_INFINITY)
  if (linked !== null) {
    const secure = http.public_url?.startsWith('https:') ? '; Secure' : ''
    const lasts = Math.floor((until - now) / 1000)
    const value = links.sign('session', page, until)
    exchange.response.setHeader(
      'set-cookie',
      `${COOKIE}=${value}; Path=${page}; Max-Age=${lasts}; HttpOnly; SameSite=Strict${secure}`,
    )
    return { until, ...byLink }
  }
  for (const cookie of cookiesOf(exchange.request)) {
    const session = links.verify('session', page, cookie, now)
    if (session !== null) return { until: session, ...byLink }
  }
  const person = personOf(parts.site, exchange.request)
  if (person.kind === 'slack') {
    const roles = await rolesHere(access, person.user)
    const decided = (name: string) => {
      const allow = parts.catalog.entries.get(name)?.command.allow ?? []
      return decide(parts.site, roles, { command: name, allow, args: {}, environment: null })
    }
    const decision = decided(command)
    if (decision.allowed) return { until, by: 'person', may: (name) => decided(name).allowed }
    throw new Refusal(403, decision.why.replaceAll('`', ''))
  }
  if (key !== null)
    throw new Refusal(403, 'This link is not valid, or not any more. Open the page again from its message in Slack.')
  throw new Refusal(403, person.why)
}

async function rolesHere({ parts }: AccessParts, user: string): Promise<string[]> {
  return rolesOf(parts.site, { kind: 'slack', team: parts.site.slack.team, user }, await parts.groups())
}

type Known = { readonly kind: 'slack'; readonly user: string } | { readonly kind: 'nobody'; readonly why: string }

const UNOPENED = 'Open this page from its message in Slack: the link there opens it.'

/** Who a proxy says this is. What comes from any other address is not believed, whatever it says. */
function personOf({ http }: Site, request: IncomingMessage): Known {
  const all = http.proxy_header ? request.headersDistinct[http.proxy_header] : undefined
  if (all === undefined) return { kind: 'nobody', why: UNOPENED }
  if (!isListed(http.proxies, request.socket.remoteAddress))
    return { kind: 'nobody', why: `The header ${http.proxy_header} is not believed from this address (http.proxies).` }
  // Two of it, or a list: somebody wrote one of his own before the proxy did.
  const [given = ''] = all
  if (all.length !== 1 || given.includes(',')) return { kind: 'nobody', why: 'The proxy names nobody.' }
  const name = given.trim().toLowerCase()
  const found = Object.entries(http.people).find(([each]) => each.toLowerCase() === name)
  return found
    ? { kind: 'slack', user: found[1] }
    : { kind: 'nobody', why: 'The proxy names somebody whom the site does not know (http.people).' }
}

function isListed(listed: readonly string[], address: string | undefined): boolean {
  const bare = (address ?? '').replace(/^::ffff:(?=\d+\.)/, '')
  const family = isIP(bare)
  if (family === 0) return false
  const list = new BlockList()
  for (const each of listed) {
    const [base = '', bits] = each.split('/')
    const kind = isIP(base) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(base, kind)
    else list.addSubnet(base, Number(bits), kind)
  }
  return list.check(bare, family === 6 ? 'ipv6' : 'ipv4')
}

function cookiesOf({ headers }: IncomingMessage): string[] {
  const pairs = (headers.cookie ?? '').split(';').map((each) => each.trim())
  return pairs.flatMap((pair) => (pair.startsWith(`${COOKIE}=`) ? [pair.slice(COOKIE.length + 1)] : []))
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']
const LOCAL_NAME = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/

/**
 * Lets in whoever runs this: on this machine itself, or with the token. Where a proxy stands before us (`public_url` elsewhere, or one of
 * `proxies` here), everything may come from this machine, so that only the token counts. A page of another site in somebody's browser comes with its own name as host.
 */
export function admitScraper(
  { parts, metricsToken }: Pick<AccessParts, 'metricsToken'> & LocalParts,
  exchange: Exchange,
) {
  const { headers } = exchange.request
  const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  if (given !== undefined && metricsToken !== undefined && isSame(given, metricsToken)) return
  const { public_url: address, proxies } = parts.site.http
  const proxied = isListed(proxies, exchange.request.socket.remoteAddress)
  const direct = !proxied && (address === undefined || LOCAL_NAME.test(new URL(address).host))
  if (given === undefined && direct && isLocal(exchange.request)) return
  throw new Refusal(403, 'Only from this machine, or with GROUNDCREW_METRICS_TOKEN (Authorization: Bearer).')
}

type LocalParts = { readonly parts: { readonly site: Pick<Site, 'http'> } }

function isLocal({ socket, headers }: IncomingMessage): boolean {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
  const local = address === '::1' || address.startsWith('127.')
  return local && LOCAL_NAME.test(headers.host ?? '') && !FORWARDED.some((name) => headers[name] !== undefined)
}

/** The same for the queues, which a proxy may also open to the roles that the site lists. */
export async function admitOperator(access: AccessParts, exchange: Exchange): Promise<void> {
  const person = personOf(access.parts.site, exchange.request)
  if (person.kind === 'nobody') return admitScraper(access, exchange)
  const roles = await rolesHere(access, person.user)
  if (access.parts.site.http.operators.some((role) => roles.includes(role))) return
  throw new Refusal(403, 'Only roles that the site lists (http.operators) may look at the queues.')
}
