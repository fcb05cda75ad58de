import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from './client.ts'
import { clientOf, NoAnswer, Refusal } from './client.ts'
import { look, type There, tell } from './look.ts'
import type { BuildRequest, BuildResult } from './request.ts'

export type Following = {
  /** Whether it may be started; without it only one that is there is followed. */
  readonly start: boolean
  /** Aborts when it shall be stopped; then its end is waited for. */
  readonly stop: AbortSignal
  say(line: string): void
}

/** How often it is looked for after a start that was not answered: Jenkins may be slow to show it. */
const LOOKS = 5

/** The same where Jenkins does not answer at all. */
const AWAY = 24

/** How long Jenkins may take to stop a build. */
const STOPPED_WITHIN = 60_000

/** Starts a build at most once, or finds the one that was started, and follows it to its end. */
export async function runBuild(request: BuildRequest, following: Following): Promise<BuildResult> {
  const client = clientOf(request)
  const { start, stop, say } = following
  const wanted = { ...request.parameters, [request.mark.name]: request.mark.value }
  try {
    const there = await (start ? client.find() : patiently(client, request, stop))
    if (there) return follow(client, there, request, following)
    if (!start) return { kind: 'lost', why: 'Jenkins has no build of it, in its queue or among the latest.' }
    if (stop.aborted) return { kind: 'dropped', why: 'Nothing was started yet.' }
    const wrong = await client.unfit(Object.keys(wanted))
    if (wrong) return { kind: 'refused', why: wrong }
  } catch (error) {
    if (start || error instanceof Refusal) return { kind: start ? 'refused' : 'lost', why: messageOf(error) }
    return { kind: 'lost', why: messageOf(error) }
  }
  try {
    const id = await client.start(wanted)
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

async function lookFor(client: Client, { poll }: BuildRequest): Promise<There | null> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const found = await client.find().catch(() => null)
    if (found) return found
    await sleep(poll)
  }
  return null
}

/** What was started is looked for again while Jenkins is away: whatever ended the first look may have ended Jenkins too. */
async function patiently(client: Client, { poll }: BuildRequest, stop: AbortSignal): Promise<There | null> {
  for (let looks = 1; ; looks++) {
    try {
      return await client.find()
    } catch (error) {
      if (!(error instanceof NoAnswer) || looks >= AWAY || stop.aborted) throw error
      await sleep(poll, undefined, { signal: stop }).catch(() => {})
    }
  }
}

/** Jenkins may be away for a while; that is not the end of a build. */
async function follow(client: Client, there: There, request: BuildRequest, following: Following): Promise<BuildResult> {
  const { stop, say } = following
  const end = Date.now() + request.timeout
  const seen = { there, from: 0, rest: '', said: '', gone: 0, deaf: 0 }
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

async function halt(client: Client, there: There): Promise<void> {
  if ('queue' in there) await client.drop(there.queue)
  else await client.stop(there.build)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
