import { setTimeout as sleep } from 'node:timers/promises'
import { wordsOf } from '../../e2e/talk.ts'
import type { Random } from '../choices.ts'
import { LIVE } from './shown.ts'
import type { Town } from './town.ts'
import type { Watch } from './watch.ts'

/** What a bot confirmed to people: every one of it has to be there at the end. */
export type Deeds = {
  /** Groups, as often as they were acknowledged. */
  readonly acknowledged: string[]
  readonly silenced: string[]
  readonly unsilenced: string[]
}

/** People who acknowledge, silence and end silences all the time, whether or not a bot is there to hear it. */
export function createPeople(town: Town, watch: Watch, random: Random) {
  const typed = { ack: 0, silence: 0, unsilence: 0 }

  /** What they were told, of all that they ever typed. */
  function confirmed(): Deeds {
    const words = watch.answers().map(wordsOf)
    const all = (pattern: RegExp) => words.flatMap((text) => pattern.exec(text)?.[1] ?? [])
    return {
      acknowledged: all(/`([^`]+)` is yours until/),
      silenced: all(/^.*Silenced until [^`]*as `([^`]+)`/),
      unsilenced: all(/The silence `([^`]+)` is (?:ended|over)/),
    }
  }

  function next(): string | null {
    const live = watch.shown().filter(({ state }) => LIVE.some((each) => each === state) || state === 'acknowledged')
    const group = live.length > 0 ? random.pick(live) : null
    const chance = random.next()
    if (chance < 0.35) {
      if (group) typed.ack++
      return group && `alerts ack ${group.id} --for 1h --why "seen to"`
    }
    if (chance < 0.65) {
      typed.silence++
      const time = random.pick(['4s', '8s', '1h'])
      const what = group && random.next() < 0.5 ? group.id : `--service ${random.pick(['shop-1', 'one-1', 'slow-2'])}`
      return `alerts silence ${what} --for ${time} --why "no. ${random.below(1_000)}"`
    }
    const { silenced, unsilenced } = confirmed()
    const open = silenced.filter((id) => !unsilenced.includes(id))
    if (open.length > 0) typed.unsilence++
    return open.length > 0 ? `alerts unsilence ${random.pick(open)}` : null
  }

  return {
    typed,
    confirmed,
    async live(isOver: () => boolean): Promise<void> {
      while (!isOver()) {
        const text = next()
        const [channel = ''] = town.channels
        const user = random.pick(['U01ALICE', 'U02BOB'])
        if (text) await town.control.command({ user, channel, command: '/crew', text }).catch(() => {})
        await sleep(300 + random.below(1_500))
      }
    },
  }
}

export type People = ReturnType<typeof createPeople>
