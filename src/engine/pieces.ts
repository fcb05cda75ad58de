import type { Execution, StageRun } from '../core/execution.ts'

/**
 * An execution of many stages lies in Redis in pieces, so that one event writes and reads only what it changed. Fields of its hash:
 * - `v` and `d`, as of every record; but `d` is without the stages
 * - `n`: how many stages there are. Only an execution in pieces has it
 * - `s0`, `s1`, ...: the stages in their order
 * - `c<version>`: what a version changed, as `<mark> <place> <place> ...`. The mark is like no other, so that whoever has a version that
 *   Redis lost in a failover sees that its number means something else by now. Only the latest are kept
 */
export const MANY_STAGES = 32

/** Who missed more changes than this reads all of it. */
const CHANGES_KEPT = 256

/** An execution as it was read or written, and the change that made it so; null where it is in one piece. */
export type Standing = { readonly execution: Execution; readonly change: string | null }

export type Pieces = {
  /** Field names and values, in order. */
  readonly fields: readonly (readonly [string, string])[]
  /** What Redis has to have still, besides the version. */
  readonly since: { readonly field: string; readonly value: string } | null
  /** A change that nobody has to know any more. */
  readonly gone: string
  /** As it stands once it is written: what whoever reads it all would have. */
  readonly standing: Standing
}

/** What to write of an execution that was `before`; null where it is written in one piece. Once in pieces it stays so. */
export function piecesOf(before: Standing | null, after: Execution, mark: string): Pieces | null {
  const known = before !== null && before.change !== null ? before : null
  if (!known && after.stages.length < MANY_STAGES) return null
  const version = after.version + 1
  const { stages, ...rest } = after
  const head = JSON.stringify({ ...rest, version })
  const earlier = known?.execution.stages ?? []
  const written = new Map<number, string>()
  for (const [at, stage] of stages.entries()) if (stage !== earlier[at]) written.set(at, JSON.stringify(stage))
  const change = [mark, ...written.keys()].join(' ')
  return {
    fields: [
      ['d', head],
      ['n', String(stages.length)],
      [changeAt(version), change],
      ...[...written].map(([at, text]) => [`s${at}`, text] as const),
    ],
    since: known?.change ? { field: changeAt(after.version), value: known.change } : null,
    gone: changeAt(version - CHANGES_KEPT),
    standing: { execution: assembled(head, stages.length, earlier, written), change },
  }
}

/** An execution in pieces: those that were read, and for the rest the stages as they were before. */
export function assembled(
  head: string,
  count: number,
  earlier: readonly StageRun[],
  read: ReadonlyMap<number, string>,
): Execution {
  const stages = earlier.slice(0, count)
  for (const [at, text] of read) if (at < count) stages[at] = JSON.parse(text) as StageRun
  return { ...(JSON.parse(head) as Omit<Execution, 'stages'>), stages }
}

const changeAt = (version: number) => `c${version}`

/**
 * KEYS[1]: an execution in pieces. ARGV: the version that the reader has and the change that made it, or two empty texts. Gives `same`;
 * or `all` or `since` (only stages that changed since then), each with n, d, change, and then a place and a stage, again and again; or
 * `whole` with d where it is in one piece, and with nothing where there is none.
 */
export const READ = `
local key, from = KEYS[1], tonumber(ARGV[1])
local found = redis.call('HMGET', key, 'v', 'n', 'd')
local version, count = tonumber(found[1]), tonumber(found[2])
if not count then return { 'whole', found[3] } end
local change = redis.call('HGET', key, 'c' .. found[1])

local function changes()
  if not from or version < from or redis.call('HGET', key, 'c' .. ARGV[1]) ~= ARGV[2] then return nil end
  local places = {}
  for each = from + 1, version do
    local one = redis.call('HGET', key, 'c' .. string.format('%d', each))
    if not one then return nil end
    for place in string.gmatch(one, ' (%d+)') do places[tonumber(place)] = true end
  end
  return places
end

local places = changes()
if places and version == from then return { 'same' } end
local answer = { places and 'since' or 'all', found[2], found[3], change }
for place = 0, count - 1 do
  if not places or places[place] then
    table.insert(answer, tostring(place))
    table.insert(answer, redis.call('HGET', key, 's' .. place))
  end
end
return answer`
