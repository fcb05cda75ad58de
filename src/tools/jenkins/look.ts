import { type Client, NoAnswer, Refusal } from './client.ts'
import type { BuildResult } from './request.ts'
import { CONSOLE } from './request.ts'

export type There = { readonly queue: number } | { readonly build: number }

/** What was seen of a build so far. `gone`: how often in a row Jenkins said that it has no such build; `deaf`: that its log cannot be read. */
export type Seen = {
  there: There
  from: number
  rest: string
  said: string
  gone: number
  deaf: number
}

type Looking = { readonly late: boolean; readonly say: (line: string) => void }

/** How often Jenkins says it before it is believed: while it starts it shows only what it has read so far. */
const GONE = 12
const DEAF = 3

/** Where it is now, with what it wrote since the last look; its end, or null while it goes on. */
export async function look(client: Client, seen: Seen, { late, say }: Looking): Promise<BuildResult | null> {
  const { there } = seen
  if ('queue' in there) {
    const item = await client.queued(there.queue)
    if (item?.cancelled) return { kind: 'dropped', why: 'It was taken out of the queue of Jenkins before it began.' }
    const begun = item?.executable ? { build: item.executable.number } : item ? null : await client.find()
    if (!begun) {
      tell(seen, item?.why ?? 'in the queue of Jenkins', say)
      return !item && ++seen.gone >= GONE ? GONE_FROM_QUEUE : null
    }
    seen.gone = 0
    seen.there = begun
    if ('queue' in begun) return null
    say(`build ${begun.build} began: ${client.urlOf(begun.build)}`)
    return lookAt(client, seen, { number: begun.build, late, say })
  }
  return lookAt(client, seen, { number: there.build, late, say })
}

const GONE_FROM_QUEUE: BuildResult = {
  kind: 'lost',
  why: 'Jenkins has it neither in its queue nor among the latest builds any more.',
}

async function lookAt(
  client: Client,
  seen: Seen,
  { number, late, say }: Looking & { readonly number: number },
): Promise<BuildResult | null> {
  const build = await client.build(number)
  seen.gone = build ? 0 : seen.gone + 1
  if (seen.gone >= GONE)
    return { kind: 'lost', why: `Jenkins has no build ${number} any more, or shows it to this user no longer.` }
  const over = build && build.building !== true && build.result
  const heard = await hear(client, seen, { number, over: Boolean(over), say })
  return over && (heard || ++seen.deaf >= DEAF)
    ? { kind: 'built', result: over, number, url: client.urlOf(number), late }
    : null
}

/** Its log is read on; whether that could be done. How it ended is known without. */
async function hear(
  client: Client,
  seen: Seen,
  { number, over, say }: { number: number; over: boolean; say: (line: string) => void },
): Promise<boolean> {
  try {
    const { text, next, cut } = await client.console(number, seen.from)
    const lines = `${seen.rest}${text}`.split('\n')
    seen.rest = over || cut ? '' : (lines.pop() ?? '')
    seen.from = next
    for (const line of lines) if (line.trim()) say(`${CONSOLE}${line.trimEnd()}`)
    if (cut) say('more of its log came at once than is read; see it in Jenkins')
    return true
  } catch (error) {
    if (!(error instanceof NoAnswer) && !(error instanceof Refusal)) throw error
    tell(seen, error.message, say)
    return false
  }
}

/** The same twice in a row says nothing. What Jenkins says is one line, whatever is in it. */
export function tell(seen: Seen, line: string, say: (line: string) => void): void {
  if (seen.said !== line) say(line.replace(/\s+/g, ' ').trim())
  seen.said = line
}
