import { readDetails } from '../../core/alert/details.ts'
import type { AlertDetails, CheckRow } from '../../core/alert.ts'
import { isLoopback } from '../../core/monitors.ts'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'

/** Where an instance of a service listens, as Consul says. */
export type Instance = { readonly node: string; readonly address: string; readonly port: number }

export type DetailsParts = {
  readonly instances: (service: string, dc: string) => Promise<readonly Instance[]>
  /** The node of our own Consul agent as `<datacenter>/<node>`; null while nobody knows it. */
  readonly ownNode: () => Promise<string | null>
  /** What monitors ask for; see GROUNDCREW_MONITOR_TOKEN. */
  readonly token: string | undefined
  readonly now: () => number
  readonly log?: Pick<Log, 'debug'>
}

export type Details = {
  /** What the monitor behind a check says besides its status; null for any other check, and where it cannot be had in a second. Never throws. */
  of(row: CheckRow): Promise<AlertDetails | null>
}

const KINDS: ReadonlyMap<string, AlertDetails['kind']> = new Map([
  ['vault-audit-monitor', 'vault-audit'],
  ['token-expiry-monitor', 'token-expiry'],
])
const TIME_LIMIT_MS = 1000
const REMEMBERED_MS = 5000
/** Twenty names of everything a monitor counts by are far less. */
const LONGEST_PAGE = 2 * 1024 * 1024

/** Fetches details from monitors; one page at a time and for some seconds, however many alerts it is wanted for. */
export function createDetails({ instances, ownNode, token, now, log }: DetailsParts): Details {
  const known = new Map<string, { readonly at: number; readonly page: Promise<AlertDetails | null> }>()

  async function fetched(row: CheckRow, kind: AlertDetails['kind'], signal: AbortSignal): Promise<AlertDetails | null> {
    const found = (await instances(row.service, row.dc)).find(({ node }) => node === row.node)
    if (!found || signal.aborted) return null
    // Loopback is this host: what answers there is a monitor of another node only by mistake.
    if (isLoopback(found.address) && (await ownNode()) !== `${row.dc}/${row.node}`) return null
    const page = await read(urlOf(found, kind), token, signal)
    return readDetails(kind, page)
  }

  async function within(row: CheckRow, kind: AlertDetails['kind']): Promise<AlertDetails | null> {
    const ended = new AbortController()
    const late = new Promise<never>((_resolve, reject) => {
      ended.signal.addEventListener('abort', () => reject(ended.signal.reason))
    })
    const timer = setTimeout(() => ended.abort(new Error('no answer in time')), TIME_LIMIT_MS)
    try {
      return await Promise.race([fetched(row, kind, ended.signal), late])
    } catch (error) {
      log?.debug({ service: row.service, node: row.node, dc: row.dc, error: messageOf(error) }, 'no details')
      return null
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async of(row) {
      const kind = KINDS.get(row.service)
      if (!kind) return null
      const key = `${row.dc}/${row.node}/${kind}`
      const at = now()
      for (const [old, { at: then }] of known) if (at - then >= REMEMBERED_MS || then > at) known.delete(old)
      const page = known.get(key)?.page ?? within(row, kind)
      if (!known.has(key)) known.set(key, { at, page })
      return page
    },
  }
}

function urlOf({ address, port }: Instance, kind: AlertDetails['kind']): URL {
  return new URL(`http://${address.includes(':') ? `[${address}]` : address}:${port}/${kind}`)
}

/** The token goes to the address that Consul names and nowhere else: a redirect is a failure. */
async function read(url: URL, token: string | undefined, signal: AbortSignal): Promise<unknown> {
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  const answer = await fetch(url, { headers, signal, redirect: 'error' })
  if (!answer.ok) {
    await answer.body?.cancel()
    throw new Error(`${url.host} answered ${answer.status}`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer.body ?? []) {
    length += chunk.length
    if (length > LONGEST_PAGE) throw new Error(`${url.host} answered with more than ${LONGEST_PAGE} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}
