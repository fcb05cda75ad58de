import { BOOTS, type Kill, moments, type Random, randomOf } from '../choices.ts'

type Victim = 'bot' | 'monitor' | 'consul' | 'redis'

/** One that is killed, or a bot that stands still at a point for longer than the lease of whoever evaluates. */
export type Strike = { readonly kill: Kill; readonly still: number | null; readonly pause: number }

/** What a bot does about alerts, by the points of points.ts; the first ones are where most can go wrong. */
const POINTS = ['evaluation', 'opened', 'post', 'edit', 'remember', 'intend', 'outbox', 'deed', 'lease'] as const
const OFTEN = ['evaluation', 'opened', 'post'] as const

const TIMED: readonly Victim[] = [
  'bot',
  'bot',
  'monitor',
  'monitor',
  'consul',
  'consul',
  'consul',
  'redis',
  'redis',
  'redis',
]

/** Of each of these one in a block of strikes: nothing is left to luck alone. */
type Place = { readonly victim: Victim; readonly point: string | null; readonly still?: boolean }
const PLACES: readonly Place[] = [
  ...[...POINTS, ...OFTEN].flatMap((point) =>
    (OFTEN.some((each) => each === point) ? moments : (['sent'] as const)).map((moment) => ({
      victim: 'bot' as const,
      point: `${point}.${moment}`,
    })),
  ),
  ...TIMED.map((victim) => ({ victim, point: null })),
  { victim: 'bot', point: 'opened.before', still: true },
  { victim: 'bot', point: 'evaluation.before', still: true },
]

/** Until another one evaluates: the lease is ten seconds, and is asked for every two. */
const STILL_MS = 14_000

const BOOT_SHARE = 0.25

/** How long what was killed stays away: bots and Redis shortly, so that others follow; a Consul or a monitor may be missed. */
const AWAY: Readonly<Record<Victim, number>> = { bot: 1_000, redis: 3_000, consul: 5_000, monitor: 6_000 }

export function strikesOf(seed: number, from: number, count: number, hurry: boolean): Strike[] {
  return Array.from({ length: count }, (_, at) => strikeOf(seed, from + at, hurry))
}

function strikeOf(seed: number, position: number, hurry: boolean): Strike {
  const random = randomOf(seed * 1_000_003 + position * 7_919)
  const { victim, point, still } = hurry ? quickPlaceOf(position, random) : placeOf(seed, position)
  const when = point
    ? { point, nth: 1 + random.below(2) }
    : { after: 'changed' as const, delay: random.below(hurry ? 300 : 1_000) }
  const away = random.below(AWAY[victim] / (hurry ? 4 : 1))
  const boot = !still && !hurry && random.next() < BOOT_SHARE ? bootOf(victim, random) : null
  const kill: Kill = { victim, when, away, boot, elsewhere: false, which: random.below(1_000) }
  return { kill, still: still ? STILL_MS : null, pause: hurry ? 0 : random.below(1_500) }
}

function bootOf(victim: Victim, random: Random): Kill['boot'] {
  return victim === 'bot' && random.next() < 0.5
    ? { nth: 1 + random.below(30) }
    : { after: random.below(BOOTS[victim]) }
}

function placeOf(seed: number, position: number): Place {
  const random = randomOf(seed * 31 + Math.floor(position / PLACES.length) * 131)
  const left = [...PLACES]
  for (let at = 0; at < position % PLACES.length; at++) left.splice(random.below(left.length), 1)
  return random.pick(left)
}

/** Bots die where something is nearly always under way, and all the others in between, so that nothing is waited for. */
function quickPlaceOf(position: number, random: Random): Place {
  const others: readonly Victim[] = ['redis', 'consul', 'monitor']
  const other = others[Math.floor(position / 2) % others.length]
  if (position % 2 === 1 && other) return { victim: other, point: null }
  return {
    victim: 'bot',
    point: `${random.pick(['post', 'remember', 'outbox', 'intend', 'edit'])}.${random.pick(moments)}`,
  }
}
