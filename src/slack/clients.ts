import { type Logger, LogLevel, WebClient, type WebClientOptions } from '@slack/web-api'

type FetchFunction = NonNullable<WebClientOptions['fetch']>

/** Milliseconds after which a call of each client is given up. */
const LIMITS = { posts: 10_000, edits: 10_000, files: 60_000, reads: 10_000, lookups: 3_000, answers: 2_500 } as const

export type ClientName = keyof typeof LIMITS
export type Clients = { readonly [name in ClientName]: WebClient }

/**
 * One client for each kind of call, so that a slow kind does not hold the others: each has its own queue and its own time limit.
 * They try nothing again and tell of every limit at once: waiting is the poster's business, which knows what may wait.
 */
export function createClients(
  token: string,
  slackApiUrl: string,
  limits: Partial<Record<ClientName, number>> = {},
  called?: Called,
): Clients {
  const client = (name: ClientName) =>
    new WebClient(token, {
      slackApiUrl,
      timeout: limits[name] ?? LIMITS[name],
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      logger: quiet,
      ...(called ? { fetch: counted(called) } : {}),
    })
  const files = client('files')
  nameAlternative(files)
  return {
    posts: client('posts'),
    edits: client('edits'),
    files,
    reads: client('reads'),
    lookups: client('lookups'),
    answers: client('answers'),
  }
}

/** Hears of each call: its method, how Slack took it, and the seconds until the answer began. */
export type Called = (method: string, result: 'answered' | 'limited' | 'failed', seconds: number) => void

/** The `fetch` that tells of each call. What is no method of Slack's API (an upload to an address of its own) counts as `upload`. */
export function counted(called: Called): FetchFunction {
  return async (input, init) => {
    const begun = performance.now()
    const tell = (result: Parameters<Called>[1]) =>
      called(methodOf(String(input)), result, (performance.now() - begun) / 1000)
    try {
      const response = await globalThis.fetch(input as string, init as RequestInit)
      tell(response.status === 429 ? 'limited' : response.ok ? 'answered' : 'failed')
      return response as unknown as Awaited<ReturnType<FetchFunction>>
    } catch (error) {
      tell('failed')
      throw error
    }
  }
}

function methodOf(address: string): string {
  return /\/api\/([a-zA-Z][a-zA-Z0-9.]{1,60})(?:\?|$)/.exec(address)?.[1] ?? 'upload'
}

/**
 * Slack calls the text for those who cannot see a picture `alt_txt`; `filesUploadV2` of this package sends it as `alt_text`, which Slack
 * ignores.
 */
function nameAlternative({ files }: WebClient): void {
  const ask = files.getUploadURLExternal
  const named: typeof ask = ({ alt_text, ...rest }) => ask({ ...rest, ...(alt_text ? { alt_txt: alt_text } : {}) })
  Object.assign(files, { getUploadURLExternal: named })
}

/** Every failed call is thrown and logged by whoever made it; the client need not print it besides. */
const quiet: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
}
