import { setTimeout as sleep } from 'node:timers/promises'
import { actionsOf, type SlackMessage, slackControl } from '../examples/demo/slack-control.ts'

/** A message and when it reached the page, on the clock of `performance.now()`. */
export type Seen = { readonly message: SlackMessage; readonly at: number }
export type Screen = Awaited<ReturnType<typeof openScreen>>

type Waiting = { readonly fits: (message: SlackMessage) => boolean; readonly resolve: (seen: Seen) => void }

const LONGEST_WAIT_MS = 60_000

/** A page of local-slack that is open all the time: it sees messages when a person would, and acts as people do. */
export async function openScreen(url: string, signal: AbortSignal) {
  const control = slackControl(url)
  const waiting = new Set<Waiting>()
  let last = performance.now()
  await control.onMessage((message) => {
    last = performance.now()
    for (const each of waiting) if (each.fits(message)) each.resolve({ message, at: last })
  })

  /** The first message, posted or edited from now on, that fits. Throws when it does not come within a minute. */
  function next(what: string, fits: Waiting['fits']): Promise<Seen> {
    const { promise, resolve, reject } = Promise.withResolvers<Seen>()
    const each = { fits, resolve }
    const off = () => reject(signal.reason)
    const late = setTimeout(() => reject(new Error(`Waited a minute for ${what}, in vain.`)), LONGEST_WAIT_MS)
    waiting.add(each)
    signal.addEventListener('abort', off)
    if (signal.aborted) off()
    return promise.finally(() => {
      clearTimeout(late)
      waiting.delete(each)
      signal.removeEventListener('abort', off)
    })
  }

  /** Waits until nothing was posted or edited for half a second, a minute at most. */
  async function quiet(): Promise<void> {
    const end = performance.now() + LONGEST_WAIT_MS
    while (performance.now() - last < 500 && performance.now() < end) {
      signal.throwIfAborted()
      await sleep(50)
    }
  }

  return { control, next, quiet }
}

/** The button to press, if there is one. */
export function approve(message: SlackMessage) {
  return actionsOf(message).find(({ action_id }) => action_id.startsWith('judgment.approve'))
}

/** Whether a message says how it ended. */
export function isOver({ text }: SlackMessage): boolean {
  return /^\S+ (succeeded|failed|rejected|expired|canceled|unknown)\b/.test(text)
}
