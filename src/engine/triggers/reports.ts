import type { Look } from '../../core/trigger/standing.ts'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Place } from './seen.ts'

/** What has not changed is written down anew so often, so that people see that it is looked at. */
const WRITE_EVERY_MS = 15_000

type Parts = {
  readonly now: () => number
  readonly log: Log
  readonly mask: (text: string) => string
  /** Keeps the looks of a trigger for `triggers list`. */
  readonly keep: (trigger: string, looks: readonly Look[]) => Promise<void>
}

/** Says of each place once what is wrong there and once that it is well again, and keeps how the last looks went. */
export function createReports({ now, log, mask, keep }: Parts) {
  const wrong = new Map<string, string>()
  const written = new Map<string, { readonly text: string; readonly at: number }>()

  function say(what: string, why: string | null): void {
    if (why === (wrong.get(what) ?? null)) return
    if (why === null) {
      wrong.delete(what)
      log.info({ what }, 'triggers: looked at again')
    } else {
      wrong.set(what, why)
      log.warn({ what, why }, 'triggers: not looked at, it is tried again')
    }
  }

  return {
    say,
    /** How the look at a place went. */
    lookOf({ trigger, where }: Place, { saw, wrong: why }: Pick<Look, 'saw' | 'wrong'>): Look {
      const masked = why === null ? null : mask(why)
      say(`${trigger} in ${where}`, masked)
      return { where, at: now(), saw, wrong: masked }
    },
    /** A list that cannot be written keeps nothing from being begun. */
    async keep(trigger: string, looks: readonly Look[]): Promise<void> {
      const text = JSON.stringify(looks.map(({ where, saw, wrong: why }) => [where, saw, why]))
      const last = written.get(trigger)
      if (last?.text === text && now() - last.at < WRITE_EVERY_MS) return
      const what = `the list of ${trigger}`
      await keep(trigger, looks).then(
        () => {
          written.set(trigger, { text, at: now() })
          say(what, null)
        },
        (error: unknown) => say(what, messageOf(error)),
      )
    },
  }
}

export type Reports = ReturnType<typeof createReports>
