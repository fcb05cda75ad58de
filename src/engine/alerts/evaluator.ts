import { EVERYWHERE, TESTED } from '../../core/alert/blind.ts'
import type { Evaluated } from '../../core/alert/evaluate.ts'
import { evaluate, overdue, showsOf } from '../../core/alert/evaluate.ts'
import { monitorsAmong } from '../../core/alert/facts.ts'
import type { AlertDetails, AlertGroup, AlertSettings, CheckRow, DatacenterView, Trouble } from '../../core/alert.ts'
import { fingerprintOf } from '../../core/alert.ts'
import type { Effect } from '../../core/event.ts'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { newId } from '../id.ts'
import type { AlertRecords } from './records.ts'

/** What is seen of Consul. */
export type Seen = { readonly agent: Trouble | null; readonly datacenters: ReadonlyMap<string, DatacenterView> }

export type EvaluatorParts = {
  readonly records: AlertRecords
  readonly settings: AlertSettings
  /** Id of the channel for what belongs to no rule. */
  readonly channel: string
  readonly seen: () => Seen
  /** What a monitor says besides its status; null where it can not be asked. */
  readonly details: (row: CheckRow) => Promise<AlertDetails | null>
  readonly forgotten: (dc: string) => void
  /** Whose changes are still taken, and who hears that they are not. */
  readonly fence: string
  readonly fenced: () => void
  /** Who it is, for `alerts list`. */
  readonly name: string
  readonly wantCatchUp: (since: number) => Promise<void>
  readonly now: () => number
  readonly log: Log
}

/** Longer than this without anybody who watches is told. */
const GAP_MS = 120_000
/** A datacenter that has said nothing keeps the first round waiting for this long. */
const FIRST_WITHIN_MS = 15_000
const ROUND_EVERY_MS = 1_000
const [SAW_EVERY_MS, MONITORS_EVERY_MS] = [2_000, 10_000]

/**
 * Judges what is seen, round after round, while its fence holds. Every round reads what is stored and compares it with what is seen, so
 * that nothing depends on having heard of a change; what it decides is stored before anybody is told.
 */
export function createEvaluator(parts: EvaluatorParts) {
  const { records, settings, now, log } = parts
  const begunAt = now()
  let groups: ReadonlyMap<string, AlertGroup> = new Map()
  let unwatchedSince: number | null = null
  let monitors: readonly CheckRow[] = []
  let watched: readonly string[] = []
  let [first, stopped, kicked] = [true, false, false]
  let [sawAt, learntAt] = [0, 0]
  let running: Promise<void> | null = null

  async function round(): Promise<void> {
    const seen = parts.seen()
    if (first && !isReady(seen)) return
    if (first || Math.abs(now() - learntAt) >= MONITORS_EVERY_MS) await learn(seen)
    const [open, silences, tests] = await Promise.all([records.open(groups), records.silences(), records.tests()])
    groups = new Map(open.map((group) => [group.id, group]))
    const details = await detailsOf(seen, open)
    const world = { settings, ...seen, watched: watchedOf(seen), monitors, groups: open, silences, tests, details }
    // One moment for all of it: a silence that ended after `evaluate` had looked would be closed without anybody having been told.
    const at = now()
    const changed = evaluate({ ...world, now: at, unwatchedSince, newId })
    const stored = new Map(groups)
    const done = await Promise.all(changed.map((each) => store(each, stored)))
    groups = stored
    if (done.includes('fenced')) return parts.fenced()
    if (done.includes('conflict')) {
      kicked = true
      return
    }
    for (const silence of overdue(silences, at)) await records.commit({ silences: [silence], fence: parts.fence })
    for (const { id } of tests.filter(({ until }) => until <= at)) await records.forgetTest(id)
    if (first && unwatchedSince !== null) await caughtUp(unwatchedSince)
    unwatchedSince = null
    first = false
    // Also where somebody set the clock back: else `alerts list` would say for as long that nobody watches.
    if (Math.abs(now() - sawAt) >= SAW_EVERY_MS) await saw(seen)
  }

  /** A first round with half of the datacenters would tell the rest as news of its own. */
  function isReady({ agent, datacenters }: Seen): boolean {
    const all = [...datacenters.values()]
    const heard = all.length > 0 && all.every(({ at, trouble }) => at !== null || trouble)
    return agent !== null || heard || now() - begunAt >= FIRST_WITHIN_MS
  }

  function watchedOf({ datacenters }: Seen): readonly string[] | null {
    return datacenters.size === 0 ? null : [EVERYWHERE, TESTED, ...datacenters.keys()]
  }

  /** What is there now is missed when it is gone; what somebody closed meanwhile is not. */
  async function learn({ datacenters }: Seen): Promise<void> {
    const known = await records.known()
    if (first) {
      const at = known.seen?.at ?? null
      unwatchedSince = at !== null && now() - at >= GAP_MS ? at : null
    }
    const listed = settings.datacenters ?? known.datacenters
    for (const dc of watched) if (datacenters.has(dc) && !listed.includes(dc)) parts.forgotten(dc)
    watched = listed
    const before = new Set(known.monitors.map(fingerprintOf))
    const here = [...datacenters.values()].flatMap((view) => monitorsAmong(settings, view))
    const added = here.filter((row) => !before.has(fingerprintOf(row)))
    if (added.length > 0) await records.know({ monitors: added.map((row) => ({ ...row, output: '' })) })
    monitors = [...known.monitors, ...added]
    learntAt = now()
  }

  /** Only of monitors that report something, and only while they do. */
  async function detailsOf({ datacenters }: Seen, open: readonly AlertGroup[]): Promise<Map<string, AlertDetails>> {
    const here = [...datacenters.values()].flatMap((view) => (view.trouble ? [] : monitorsAmong(settings, view)))
    const fires = (fingerprint: string) =>
      open.some(({ alerts }) => alerts.some((each) => each.fingerprint === fingerprint && each.state !== 'resolved'))
    const rows = here.filter((row) => row.status !== 'passing' || fires(fingerprintOf(row)))
    const found = await Promise.all(rows.map(async (row) => [fingerprintOf(row), await parts.details(row)] as const))
    return new Map(found.filter((each): each is readonly [string, AlertDetails] => each[1] !== null))
  }

  /** What is stored is known: the next round does not read it again. */
  async function store(evaluated: Evaluated, stored: Map<string, AlertGroup>) {
    const { group } = evaluated
    const effects = [...showsOf(evaluated, now()), ...picturesOf(evaluated, now())]
    const result = await records.commit({ alerts: [group], effects, fence: parts.fence })
    if (result === 'ok') stored.set(group.id, { ...group, version: group.version + 1 })
    return result
  }

  async function caughtUp(since: number): Promise<void> {
    const ids = await records.ids(500)
    const all = (await Promise.all(ids.map(records.group))).filter((group) => group !== null)
    const raised = all.filter((group) => group.shownAt !== null && group.endedAt === null && beganAfter(since, group))
    const ended = all.filter(({ shownAt, endedAt }) => shownAt !== null && endedAt !== null && endedAt > since)
    const open = all.filter(({ shownAt, endedAt }) => shownAt !== null && endedAt === null).length
    const at = now()
    const idsOf = (some: readonly AlertGroup[]) => some.map(({ id }) => id)
    await records.keepCatchUp({ at, since, channel: parts.channel, raised: idsOf(raised), ended: idsOf(ended), open })
    await parts.wantCatchUp(since)
  }

  async function saw({ agent, datacenters }: Seen): Promise<void> {
    const views = [...datacenters.values()].map(({ dc, at, rows, trouble }) => ({
      ...{ dc, at, checks: rows.size, trouble: (agent ?? trouble)?.why ?? null },
    }))
    await records.saw({ by: parts.name, at: now(), datacenters: views })
    sawAt = now()
  }

  function kick(): void {
    kicked = true
    if (stopped) return
    running ??= rounds().finally(() => {
      running = null
    })
  }

  async function rounds(): Promise<void> {
    while (kicked && !stopped) {
      kicked = false
      try {
        await round()
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'alerts: a round failed, the next one begins anew')
        groups = new Map()
      }
    }
  }

  const timer = setInterval(kick, ROUND_EVERY_MS)
  kick()
  return {
    kick,
    async stop(): Promise<void> {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}

/** New since then, or firing again in a message of earlier. */
function beganAfter(since: number, { shownAt, notes }: AlertGroup): boolean {
  return (shownAt ?? 0) > since || notes.some(({ what, at }) => what === 'again' && at > since)
}

/** The last hour as a picture, where a note has the figures for it. */
function picturesOf({ group, before }: Evaluated, now: number): Effect[] {
  const news = group.notes.filter(({ n, what }) => n > (before?.noted ?? 0) && PICTURED.includes(what))
  return news
    .filter(({ items }) =>
      items.some(({ details }) => details?.kind === 'vault-audit' && details.minutes.some((count) => count > 0)),
    )
    .map(({ n }) => ({ do: 'show', message: `file:alert-${group.id}:last-hour.png:${n}`, at: now }))
}

const PICTURED = ['raised', 'again', 'reminder']
