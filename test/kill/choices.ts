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

export type Victim = 'worker' | 'bot' | 'terraform' | 'redis' | 'consul' | 'monitor'

/** What people see happen, or do. */
export const steps = ['typed', 'planning', 'waiting', 'pressed', 'applying', 'ended'] as const
/** `changed`: a check that is watched has another status; the suite of alerts waits for that one. */
export type Step = (typeof steps)[number] | 'changed'

/**
 * One kill: at the n-th passing of a point, or so many milliseconds after a step. `away`: milliseconds until it is started again.
 * `boot`: it is killed once more while it starts, so many milliseconds after its spawn, or at its n-th command to Redis or new file.
 * `elsewhere`: a worker comes back on another machine, so that nobody adopts what it left.
 */
export type Kill = {
  readonly victim: Victim
  readonly when: { readonly point: string; readonly nth: number } | { readonly after: Step; readonly delay: number }
  readonly away: number
  readonly boot: { readonly after: number } | { readonly nth: number } | null
  readonly elsewhere: boolean
  /** Which of several it is, where that is not said by the point. */
  readonly which: number
}

/** The three moments of something that is sent and answered: `sent` is on its way, its answer not heard. */
export const moments = ['before', 'sent', 'after'] as const

/** The steps of the main job, each with who makes it; points.ts says what each one is. */
export const jobSteps = {
  request: 'bot',
  init: 'worker',
  plan: 'worker',
  show: 'worker',
  artifact: 'worker',
  post: 'bot',
  edit: 'bot',
  click: 'bot',
  judged: 'bot',
  taken: 'worker',
  started: 'worker',
  apply: 'worker',
  end: 'worker',
  outcome: 'worker',
  release: 'worker',
  closing: 'bot',
} as const satisfies Record<string, Victim>

/** What else is written on the way; a few of these between the steps. */
const BESIDE = {
  worker: ['queue', 'effects', 'planned', 'audit'],
  bot: ['remember', 'intend', 'ack', 'outbox', 'upload', 'effects', 'choice'],
} as const

/** Those that strike at a time and not at a point. Terraform's lock outlives it by half a minute, so that it is the rarest. */
const TIMED: readonly Victim[] = [
  'worker',
  'worker',
  'worker',
  'bot',
  'redis',
  'redis',
  'consul',
  'consul',
  'terraform',
]
const BESIDE_IN_BLOCK = 3

/** When Terraform runs, or is about to. */
const RUNNING: readonly Step[] = ['planning', 'applying', 'applying', 'applying', 'pressed', 'waiting']

/** How long each takes to come up, about, and in how many steps of its own; the second kill falls somewhere in there. */
export const BOOTS: Readonly<Record<Victim, number>> = {
  worker: 1_300,
  bot: 1_500,
  redis: 40,
  consul: 1_500,
  terraform: 0,
  monitor: 800,
}
const BOOT_STEPS = 30
const BOOT_SHARE = 0.35

/** Kills of a round, and with it the first of the next round. */
export const KILLS_OF_ROUND = 13

/** The kills of a round: nothing but its seed and number decides about them. */
export function killsOf(seed: number, round: number, count: number): Kill[] {
  return Array.from({ length: count }, (_, at) => killOf(seed, round * KILLS_OF_ROUND + at))
}

/** They come in blocks: in each, every step of the main job is struck once, and over three blocks at each of its moments. */
function killOf(seed: number, position: number): Kill {
  const random = randomOf(seed * 1_000_003 + position * 7_919)
  const { victim, point } = placeOf(seed, position)
  const main = (point?.split('.')[0] ?? '') in jobSteps
  const when = point
    ? { point, nth: main ? 1 : 1 + random.below(3) }
    : { after: random.pick(victim === 'terraform' || victim === 'worker' ? RUNNING : steps), delay: random.below(900) }
  const away = random.below(1_000)
  const boot = victim !== 'terraform' && random.next() < BOOT_SHARE ? bootOf(victim, random) : null
  return { victim, when, away, boot, elsewhere: random.next() < 0.25, which: random.below(1_000) }
}

/** Most of the time of a bot or worker goes into loading its code, most of its steps come at the end. */
function bootOf(victim: Victim, random: Random): Kill['boot'] {
  const own = victim === 'worker' || victim === 'bot'
  return own && random.next() < 0.7 ? { nth: 1 + random.below(BOOT_STEPS) } : { after: random.below(BOOTS[victim]) }
}

type Place = { readonly victim: Victim; readonly point: string | null }

function placeOf(seed: number, position: number): Place {
  const size = Object.keys(jobSteps).length + TIMED.length + BESIDE_IN_BLOCK
  const block = Math.floor(position / size)
  const random = randomOf(seed * 31 + block * 131)
  const momentOf = (at: number) => moments[(at + block + seed) % moments.length]
  const main = Object.entries(jobSteps).map(([step, victim], at) => ({ victim, point: `${step}.${momentOf(at)}` }))
  const beside = Array.from({ length: BESIDE_IN_BLOCK }, () => {
    const victim = random.pick(['worker', 'bot'] as const)
    return { victim, point: `${random.pick<string>(BESIDE[victim])}.${random.pick(moments)}` }
  })
  const left: Place[] = [...main, ...beside, ...TIMED.map((victim) => ({ victim, point: null }))]
  for (let at = 0; at < position % size; at++) left.splice(random.below(left.length), 1)
  return random.pick(left)
}

export function describeKill({ victim, when, away, boot, elsewhere }: Kill): string {
  const moment = 'point' in when ? `at ${when.point} no. ${when.nth}` : `${when.delay} ms after "${when.after}"`
  const start = boot && ('nth' in boot ? `at step ${boot.nth} of that start` : `${boot.after} ms after that start`)
  const again = start ? `, killed again ${start}` : ''
  const place = victim === 'worker' && elsewhere ? ', back on another machine' : ''
  return `${victim} ${moment}, away for ${away} ms${again}${place}`
}
