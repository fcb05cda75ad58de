import type { Redis } from 'ioredis'
import type { Execution } from '../core/execution.ts'
import type { Keys } from './keys.ts'
import { assembled, READ, type Standing } from './pieces.ts'

/** How many executions in pieces are kept at most. */
const MOST_KEPT = 32

/**
 * Reads executions. Those in pieces are kept as they were last read or written, and each look asks Redis what changed since then, in one
 * script. Nobody changes what is read, so that several may have the same.
 */
export function createReader(redis: Redis, keys: Keys) {
  const kept = new Map<string, Standing>()
  const looking = new Map<string, Promise<Standing | null>>()
  const waiting = new Map<string, Promise<Standing | null>>()
  const turns = new Map<string, Promise<unknown>>()

  function keep(standing: Standing): void {
    const { execution, change } = standing
    kept.delete(execution.id)
    if (change === null || execution.endedAt !== null) return
    kept.set(execution.id, standing)
    const [oldest] = kept.keys()
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest)
  }

  async function read(id: string): Promise<Standing | null> {
    if (kept.has(id)) return look(id)
    const [text, count] = await redis.hmget(keys.execution(id), 'd', 'n')
    if (count) return look(id)
    return whole(text ?? null)
  }

  /** One look at a time: all who come during it have the next one, which begins after they came. */
  function look(id: string): Promise<Standing | null> {
    const next = waiting.get(id)
    if (next) return next
    const before = looking.get(id)
    if (!before) return begin(id)
    const after = () => {
      waiting.delete(id)
      return begin(id)
    }
    const mine = before.then(after, after)
    waiting.set(id, mine)
    return mine
  }

  function begin(id: string): Promise<Standing | null> {
    const mine = fetch(id).finally(() => looking.delete(id))
    looking.set(id, mine)
    return mine
  }

  async function fetch(id: string): Promise<Standing | null> {
    const last = kept.get(id)
    const known = last?.change ? [last.execution.version, last.change] : ['', '']
    const answer = await redis.eval(READ, 1, keys.execution(id), ...known)
    const [how, ...rest] = answer as [string, ...(string | null)[]]
    if (how === 'same' && last) return last
    if (how === 'whole') {
      // It was in pieces a moment ago: forgotten meanwhile, or put back as it once was.
      kept.delete(id)
      return whole(rest[0] ?? null)
    }
    const [count, head, change, ...read] = rest.map(String) as [string, string, string, ...string[]]
    const pieces = new Map<number, string>()
    for (let at = 0; at < read.length; at += 2) pieces.set(Number(read[at]), read[at + 1] ?? '')
    const earlier = how === 'since' && last ? last.execution.stages : []
    const standing = { execution: assembled(head, Number(count), earlier, pieces), change }
    keep(standing)
    return standing
  }

  /** Changes of one in pieces in this process go one after the other: each of two at once would do all of its work twice. */
  async function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    if (!kept.has(id)) return work()
    const before = turns.get(id)
    const mine = (before ?? Promise.resolve()).then(work, work)
    turns.set(id, mine)
    try {
      return await mine
    } finally {
      if (turns.get(id) === mine) turns.delete(id)
    }
  }

  return {
    read,
    inTurn,
    /** What was stored just now. */
    stored: keep,
  }
}

function whole(text: string | null): Standing | null {
  return text === null ? null : { execution: JSON.parse(text) as Execution, change: null }
}
