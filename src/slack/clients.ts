import { type Logger, LogLevel, WebClient } from '@slack/web-api'

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
): Clients {
  const client = (name: ClientName) =>
    new WebClient(token, {
      slackApiUrl,
      timeout: limits[name] ?? LIMITS[name],
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      logger: quiet,
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
