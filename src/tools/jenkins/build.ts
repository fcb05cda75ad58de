import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from './client.ts'
import { clientOf, NoAnswer, Refusal } from './client.ts'
import type { BuildRequest, BuildResult } from './request.ts'
import { CONSOLE } from './request.ts'

export type Following = {
  /** Whether it may be started; without it only one that is there is followed. */
  readonly start: boolean
  /** Aborts when it shall be stopped; then its end is waited for. */
  readonly stop: AbortSignal
  say(line: string): void
}

/** How often it is looked for after a start that was not answered: Jenkins may be slow to show it. */
const LOOKS = 5

/** How long Jenkins may take to stop a build. */
const STOPPED_WITHIN = 60_000

/** Starts a build at most once, or finds the one that was started, and follows it to its end. */
export async function runBuild(request: BuildRequest, following: Following): Promise<BuildResult> {
  const client = clientOf(request)
  const { start, stop, say } = following
  try {
    const there = await client.find()
    if (there) return follow(client, there, request, following)
    if (!start) return { kind: 'lost', why: 'Jenkins has no build of it, in its queue or among the latest.' }
    if (stop.aborted) return { kind: 'dropped', why: 'Nothing was started yet.' }
  } catch (error) {
    if (start || error instanceof Refusal) return { kind: start ? 'refused' : 'lost', why: messageOf(error) }
    return { kind: 'lost', why: messageOf(error) }
  }
  try {
    const { name, value } = request.mark
    const id = await client.start({ ...request.parameters, [name]: value })
    say(id === null ? 'started' : `in the queue of Jenkins as ${id}`)
    if (id !== null) return follow(client, { queue: id }, request, following)
  } catch (error) {
    if (!(error instanceof NoAnswer)) return { kind: 'refused', why: messageOf(error) }
    say(messageOf(error))
  }
  const found = await lookFor(client, request)
  return found
    ? follow(client, found, request, following)
    : { kind: 'lost', why: 'Jenkins was asked to start it and did not say that it has.' }
}

type There = { readonly queue: number } | { readonly build: number }

async function lookFor(client: Client, { poll }: BuildRequest): Promise<There | null> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const found = await client.find().catch(() => null)
    if (found) return found
    await sleep(poll)
  }
  return null
}

/** Jenkins may be away for a while; that is not the end of a build. */
async function follow(client: Client, there: There, request: BuildRequest, following: Following): Promise<BuildResult> {
  const { stop, say } = following
  const end = Date.now() + request.timeout
  const seen = { there, from: 0, rest: '', said: '' }
  let asked = 0
  for (;;) {
    const late = Date.now() > end
    const over = await look(client, seen, { late, say }).catch((error: unknown) => {
      if (!(error instanceof NoAnswer) && !(error instanceof Refusal)) throw error
      tell(seen, messageOf(error), say)
      return null
    })
    if (over) return over
    const wanted = late || stop.aborted
    if (wanted && asked === 0) {
      say(late ? 'its time is over, it is stopped' : 'asked to stop')
      asked = Date.now()
    }
    if (wanted) await halt(client, seen.there).catch((error: unknown) => tell(seen, messageOf(error), say))
    if (asked > 0 && Date.now() > asked + STOPPED_WITHIN)
      return { kind: 'lost', why: 'It was asked to stop, and Jenkins does not say that it has ended.' }
    await sleep(request.poll, undefined, { signal: wanted ? undefined : stop }).catch(() => {})
  }
}

type Seen = { there: There; from: number; rest: string; said: string }

async function look(
  client: Client,
  seen: Seen,
  { late, say }: { late: boolean; say: (line: string) => void },
): Promise<BuildResult | null> {
  let { there } = seen
  if ('queue' in there) {
    const item = await client.queued(there.queue)
    if (item?.cancelled) return { kind: 'dropped', why: 'It was taken out of the queue of Jenkins before it began.' }
    const begun = item?.executable ? { build: item.executable.number } : item ? null : await client.find()
    if (!begun) {
      tell(seen, item?.why ?? 'in the queue of Jenkins', say)
      return null
    }
    seen.there = there = begun
    if ('queue' in there) return null
    say(`build ${there.build} began: ${client.urlOf(there.build)}`)
  }
  const { build: number } = there
  const build = await client.build(number)
  const { text, next } = await client.console(number, seen.from)
  const lines = `${seen.rest}${text}`.split('\n')
  const over = build && build.building !== true && build.result
  seen.rest = over ? '' : (lines.pop() ?? '')
  seen.from = next
  for (const line of lines) if (line.trim()) say(`${CONSOLE}${line.trimEnd()}`)
  return over ? { kind: 'built', result: over, number, url: client.urlOf(number), late } : null
}

async function halt(client: Client, there: There): Promise<void> {
  if ('queue' in there) await client.drop(there.queue)
  else await client.stop(there.build)
}

/** The same twice in a row says nothing. */
function tell(seen: Seen, line: string, say: (line: string) => void): void {
  if (seen.said !== line) say(line)
  seen.said = line
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
