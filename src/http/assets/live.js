/** The bot says something at least every 15 seconds: silent for longer than this, the connection is lost and nobody told us. */
const SILENT_MS = 40_000
const AGAIN_MS = 3_000

const LOST = 'The connection is lost, and this page may be old. Trying again …'
const OVER =
  'This page is not kept up to date any more, because its time is over. Open it again from its message in Slack.'

/**
 * The events of one page, over one connection, since a browser has few of them for one host. It is made again when it breaks, and goes on after
 * the last piece of the log that came.
 * @param {string} base
 * @param {{ now(html: string): void, log(from: number, text: string): void, end(): void, over(): void, state(text: string): void }} on
 */
export function createLive(base, on) {
  let source = null
  let timer = 0
  let wanted = null
  let last = ''
  let heardAt = 0

  function connect() {
    close()
    const query = new URLSearchParams(wanted ? { ...wanted, after: last } : {})
    const mine = new EventSource(`${base}/events?${query}`)
    source = mine
    heardAt = Date.now()
    const hear = (name, take) =>
      mine.addEventListener(name, (event) => {
        if (mine !== source) return
        heardAt = Date.now()
        take(event)
      })
    hear('open', () => on.state(''))
    hear('alive', () => {})
    hear('now', ({ data }) => on.now(JSON.parse(data).html))
    hear('log', ({ data, lastEventId }) => {
      const { from, text } = JSON.parse(data)
      last = lastEventId
      on.log(from, text)
    })
    hear('end', () => on.end())
    hear('over', () => on.over())
    mine.addEventListener('error', () => {
      if (mine !== source) return
      on.state(LOST)
      if (mine.readyState === EventSource.CLOSED) void ask()
    })
  }

  /** The browser gave it up. Whoever may not look any more hears that; everything else is tried again. */
  async function ask() {
    close()
    const answer = await fetch(`${base}/events`, { method: 'HEAD' }).catch(() => null)
    if (source) return
    if (answer && (answer.status === 403 || answer.status === 404)) on.state(OVER)
    else timer = setTimeout(connect, AGAIN_MS)
  }

  function close() {
    clearTimeout(timer)
    source?.close()
    source = null
  }

  setInterval(() => {
    if (!source || Date.now() - heardAt < SILENT_MS) return
    on.state(LOST)
    connect()
  }, 5_000)

  return {
    /** Another log, from its first line; null is none. @param {{ stage: string, attempt: string } | null} which */
    open(which) {
      wanted = which
      last = ''
      connect()
    },
    /** The same as before, from where it was. */
    resume: connect,
    close,
  }
}
