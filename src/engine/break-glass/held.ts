import type { Redis } from 'ioredis'
import { idOf } from '../../core/actor.ts'
import type { AuditEntry, AuditKind } from '../../core/audit.ts'
import type { Glass } from '../../core/break-glass/glass.ts'
import { holds, idsText } from '../../core/break-glass/glass.ts'
import { UserError } from '../../errors.ts'
import type { Audit } from '../audit.ts'
import type { Keys } from '../keys.ts'

/** What holds by the clock of Redis, the only one that counts: no process has to be there to end it, and none can prolong it by its own. */
const HELD = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local found = { tostring(now) }
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
  local record = redis.call('HGET', ARGV[1] .. id, 'd')
  if record then table.insert(found, record) end
end
return found`

/** A break glass ended between the question whether somebody may and its storing, so that nothing was stored. */
export class GlassOver extends UserError {
  constructor(id: string) {
    super(`Your break glass \`${id}\` ended just now, so nothing was done. Ask again if you may without it.`)
  }
}

export type Held = ReturnType<typeof createHeld>

export function createHeld(redis: Redis, keys: Keys) {
  async function look(): Promise<{ now: number; glasses: Glass[] }> {
    const [now, ...records] = (await redis.eval(HELD, 1, keys.glassesHeld, keys.glass(''))) as string[]
    const glasses = records.map((text) => JSON.parse(text) as Glass)
    return { now: Number(now), glasses: glasses.filter((glass) => holds(glass, Number(now))) }
  }

  /** Entries about what people did, each with the break glasses that they hold. */
  async function marked(entries: readonly AuditEntry[]): Promise<readonly AuditEntry[]> {
    if (!entries.some(isDeed)) return entries
    const { glasses } = await look()
    if (glasses.length === 0) return entries
    return entries.map((entry) => {
      const mine = isDeed(entry) ? glasses.filter(({ by }) => idOf(by) === entry.who).map(({ id }) => id) : []
      return mine.length > 0 ? { ...entry, glass: idsText(entry.glass?.split(' '), mine) } : entry
    })
  }
  return { look, marked }
}

/** Of these `who` is the person who does it just now; all others tell of what was begun before, by whatever rights. */
const deeds: readonly AuditKind[] = [
  'asked',
  'refused',
  'canceled',
  'left',
  'chosen',
  'extended',
  'stolen',
  'scheduled',
  'acknowledged',
  'silenced',
  'unsilenced',
  'closed',
]

function isDeed({ kind }: AuditEntry): boolean {
  return deeds.includes(kind)
}

/** The same audit, in which everything that somebody does under break glass bears its id. */
export function markedAudit(audit: Audit, held: Pick<Held, 'marked'>): Audit {
  const mark = async (entry: AuditEntry) => (await held.marked([entry]))[0] ?? entry
  // What cannot be marked cannot be kept either, since both lie in Redis; `keep` then says so in its own way.
  const orBare = (entry: AuditEntry) => mark(entry).catch(() => entry)
  return {
    ...audit,
    write: async (entry, once) => audit.write(await orBare(entry), once),
    keep: async (entry, once) => audit.keep(await orBare(entry), once),
    note: async (entry, once) => audit.note(await orBare(entry), once),
  }
}
