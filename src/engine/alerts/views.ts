import type { AlertSettings, DatacenterView, Trouble } from '../../core/alert.ts'
import { milliseconds } from '../../core/duration.ts'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { createConsulWatch, type Times, type Watching } from '../../tools/consul/watch.ts'
import { createCall } from './views/call.ts'
import { followDatacenters } from './views/datacenters.ts'
import { afterFailure, afterRead, type Known, unknownYet } from './views/judge.ts'
import { watchToken } from './views/token.ts'

export type ViewsParts = {
  readonly consul: { readonly address: string; readonly token?: string | undefined }
  readonly settings: Pick<AlertSettings, 'datacenters' | 'resync' | 'read_every'>
  /** Datacenters of earlier: one that is no longer in Consul's list stays watched, since its absence is no good news. */
  readonly known: readonly string[]
  /** Called soon after rows or trouble changed, once for all that came together; again when it failed. */
  readonly onChange: () => void | Promise<void>
  /** Hears of all that are watched when one of them is new. */
  readonly onDatacenters: (list: readonly string[]) => void | Promise<void>
  readonly now: () => number
  readonly random: () => number
  readonly log: Log
  /** Other waits than the usual ones. */
  readonly times?: Partial<Times>
}

export type Seen = {
  /** Why nothing at all is known now: our own agent does not answer, or not one datacenter is known. */
  readonly agent: Trouble | null
  /** Frozen: a later change makes other objects. */
  readonly datacenters: ReadonlyMap<string, DatacenterView>
}

export type Views = {
  seen(): Seen
  /** Ends the watch of a datacenter. While the list has it, it is found again. */
  forget(dc: string): void
  /** Aborts what is asked of Consul. No callback begins afterwards. */
  stop(): Promise<void>
}

type Watched = { known: Known; readonly watching: Watching }

/** Watches all checks of all datacenters, each by itself, so that a dead one delays none of the others. */
export function createViews(parts: ViewsParts): Views {
  const { settings, now, random, log } = parts
  const consul = createConsulWatch({ ...parts.consul, random, log })
  const watched = new Map<string, Watched>()
  const told = new Set(parts.known)
  const ending: Promise<void>[] = []
  const call = createCall(parts.onChange, log)

  function watch(dc: string): void {
    if (watched.has(dc)) return
    const become = (next: Known) => {
      const before = here.known
      here.known = next
      if (before.failing?.kind === 'agent' && next.failing?.kind !== 'agent') hurry()
      if (before.view.rows !== next.view.rows || before.view.trouble !== next.view.trouble) changed(before, next)
    }
    const watching = consul.checks({
      dc,
      readEveryMs: milliseconds(settings.read_every),
      resyncMs: milliseconds(settings.resync),
      times: parts.times,
      onRead(read) {
        become(afterRead(here.known, read, now()))
        // Rights may stay as they are for days: then what is still seen is waited for like anything else.
        return here.known.failing === null || here.known.view.trouble?.kind === 'filtered'
      },
      onFailure: (failure) => become(afterFailure(here.known, { kind: failure.kind, why: failure.message }, now())),
    })
    const here: Watched = { known: unknownYet(dc), watching }
    watched.set(dc, here)
  }

  function changed({ view: before }: Known, { view }: Known): void {
    const { dc, trouble } = view
    if (trouble && trouble.kind !== before.trouble?.kind) {
      log.warn({ datacenter: dc, trouble: trouble.kind, why: trouble.why }, 'datacenter can not be seen')
    } else if (!trouble && before.trouble)
      log.info({ datacenter: dc, was: before.trouble.kind }, 'datacenter is seen again')
    call.want()
  }

  /** The agent answers again: whoever waits because it did not need not wait any longer. */
  function hurry(): void {
    datacenters.hurry()
    for (const { known, watching } of watched.values()) if (known.failing?.kind === 'agent') watching.hurry()
  }

  async function onList(list: readonly string[]): Promise<void> {
    list.forEach(watch)
    if ([...watched.keys()].every((dc) => told.has(dc))) return
    const all = [...watched.keys()]
    try {
      await parts.onDatacenters(all)
      for (const dc of all) told.add(dc)
    } catch (error) {
      // The next list tells of them again.
      log.error({ error: messageOf(error) }, 'new datacenters not taken')
    }
  }

  const exactly = settings.datacenters
  if (!exactly) parts.known.forEach(watch)
  const datacenters = followDatacenters({
    read: exactly ? () => Promise.resolve(exactly) : consul.datacenters,
    onList,
    onTrouble: call.want,
    now,
    random,
    log,
  })
  const token = watchToken({ consul, now, log })

  return {
    seen() {
      const views = new Map([...watched].map(([dc, { known }]) => [dc, known.view]))
      return { agent: agentTrouble([...views.values()], datacenters.trouble()), datacenters: views }
    },
    forget(dc) {
      const gone = watched.get(dc)
      if (!gone) return
      watched.delete(dc)
      told.delete(dc)
      ending.push(gone.watching.stop())
      call.want()
    },
    async stop() {
      call.stop()
      const all = [...watched.values()].map(({ watching }) => watching.stop())
      await Promise.all([datacenters.stop(), token.stop(), ...all, ...ending])
    },
  }
}

/** All of them hear nothing from the agent, since the last of them does; or there is none, and the list can not be had. */
function agentTrouble(views: readonly DatacenterView[], list: Trouble | null): Trouble | null {
  if (views.length === 0) return list
  const troubles = views.flatMap(({ trouble }) => (trouble?.kind === 'agent' ? trouble : []))
  if (troubles.length < views.length) return null
  return troubles.reduce((last, each) => (each.since > last.since ? each : last))
}
