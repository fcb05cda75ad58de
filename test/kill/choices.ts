export type Random = { next(): number; below(limit: number): number; pick<T>(list: readonly T[]): T }

/** The same seed gives the same numbers for ever (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <T>(list: readonly T[]): T => {
    const found = list[below(list.length)]
    if (found === undefined) throw new Error('There is nothing to choose from.')
    return found
  }
  return { next, below, pick }
}

export const victims = ['worker', 'bot', 'terraform', 'redis', 'consul'] as const
export type Victim = (typeof victims)[number]

/** What people see happen, or do. */
export const steps = ['typed', 'planning', 'waiting', 'pressed', 'applying', 'ended'] as const
export type Step = (typeof steps)[number]

/**
 * One kill: at the n-th passing of a point, or so many milliseconds after a step. `away`: milliseconds until it is started again.
 * `elsewhere`: a worker comes back on another machine, so that nobody adopts what it left.
 */
export type Kill = {
  readonly victim: Victim
  readonly when: { readonly point: string; readonly nth: number } | { readonly after: Step; readonly delay: number }
  readonly away: number
  readonly elsewhere: boolean
  /** Which of several it is, where that is not said by the point. */
  readonly which: number
}

const SENT = ['before', 'sent', 'after'] as const

/** Subjects of points, by who passes them; named as often as they are worth. */
const POINTS = {
  worker: [
    'commit',
    'commit',
    'commit',
    'artifact',
    'process',
    'process',
    'command',
    'started',
    'started',
    'queue',
    'effects',
  ],
  bot: [
    'commit',
    'commit',
    'remember',
    'remember',
    'intend',
    'post',
    'post',
    'edit',
    'ack',
    'outbox',
    'upload',
    'effects',
  ],
} as const

/** How often in ten each one is the victim; Terraform's lock outlives it by half a minute, so that it is the rarest. */
const SHARES: readonly Victim[] = [
  'worker',
  'worker',
  'worker',
  'bot',
  'bot',
  'bot',
  'redis',
  'consul',
  'terraform',
  'worker',
]

/** The kills of a round: nothing but its seed and number decides about them. */
export function killsOf(seed: number, round: number, count: number): Kill[] {
  const random = randomOf(seed * 1_000_003 + round * 7_919)
  return Array.from({ length: count }, () => {
    const victim = random.pick(SHARES)
    const exact = random.next() < 0.65
    const when =
      exact && (victim === 'worker' || victim === 'bot')
        ? { point: `${random.pick(POINTS[victim])}.${random.pick(SENT)}`, nth: 1 + random.below(3) }
        : {
            after: random.pick(victim === 'terraform' || victim === 'worker' ? RUNNING : steps),
            delay: random.below(900),
          }
    return { victim, when, away: random.below(1_000), elsewhere: random.next() < 0.25, which: random.below(1_000) }
  })
}

/** When Terraform runs, or is about to. */
const RUNNING: readonly Step[] = ['planning', 'applying', 'applying', 'applying', 'pressed', 'waiting']

export function describeKill({ victim, when, away, elsewhere }: Kill): string {
  const moment = 'point' in when ? `at ${when.point} no. ${when.nth}` : `${when.delay} ms after "${when.after}"`
  const place = victim === 'worker' && elsewhere ? ', back on another machine' : ''
  return `${victim} ${moment}, away for ${away} ms${place}`
}
