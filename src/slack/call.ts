import type { Rate } from '../engine/budgets.ts'
import { faultOf } from './faults.ts'
import type { Pace, PosterParts } from './parts.ts'

/**
 * Order of service, the most important first. `result`: how it ended, or that it waits for a judgment. `state`: it went on.
 * `progress`: the same state in other words. `detail`: files, and looking again. Answers to people do not come this way.
 */
export type Importance = 'result' | 'alert' | 'state' | 'progress' | 'detail'

export type Method =
  | 'chat.postMessage'
  | 'chat.update'
  | 'chat.delete'
  | 'files.completeUploadExternal'
  | 'conversations.history'
  | 'conversations.replies'

export type Call = { readonly method: Method; readonly channel: string; readonly importance: Importance }

/** Not now, by a limit of Slack's or of ours: in `wait` milliseconds. No failure. */
export class Later extends Error {
  override readonly name = 'Later'
  readonly wait: number
  readonly importance: Importance
  constructor(wait: number, importance: Importance) {
    super(`Not within ${wait} ms.`)
    this.wait = wait
    this.importance = importance
  }
}

/**
 * How much of a budget each leaves to what is more important, as parts of the whole: at least and at most. Between the two it is one
 * call for each execution in hand, so that results find room when all of them end at once. With so many that nothing is
 * left for progress, a share of it would come once in many minutes to each message: it goes without.
 */
const KEEP: Readonly<Record<Importance, readonly [least: number, most: number]>> = {
  result: [0, 0],
  alert: [0.1, 0.1],
  state: [0.3, 0.5],
  progress: [0.6, 1],
  detail: [0.3, 0.3],
}

/** Takes a call off the budget that all bots share. Throws `Later` where there is none, or where Slack ordered a pause. */
export async function spend({ budgets, pace }: PosterParts, { method, channel, importance }: Call): Promise<void> {
  const bucket = bucketOf(pace, method, channel)
  const [least, most] = KEEP[importance].map((part) => Math.floor((bucket?.rate.most ?? 0) * part)) as [number, number]
  const wait = await budgets.take({
    ...(bucket ? { bucket } : {}),
    keep: { least, most },
    paused: [`${method}:${channel}`],
  })
  if (wait > 0) throw new Later(wait, importance)
}

/** Makes a call. A limit of Slack's holds for this method in this channel, for all bots, and nothing else waits for it. */
export async function make<T>(
  { budgets }: PosterParts,
  { method, channel, importance }: Call,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const fault = faultOf(error)
    if (fault.kind !== 'limited') throw error
    await budgets.pause(`${method}:${channel}`, fault.wait)
    throw new Later(fault.wait, importance)
  }
}

function bucketOf(pace: Pace, method: Method, channel: string): { name: string; rate: Rate } | undefined {
  if (method === 'chat.postMessage' || method === 'files.completeUploadExternal') {
    return { name: `posts:${channel}`, rate: pace.posts }
  }
  if (method === 'chat.update') return { name: 'edits', rate: pace.edits }
  return { name: method, rate: pace.reads }
}
