import { beside, cells } from './statistics.ts'
import { table } from './table.ts'

type Both<T> = { readonly groundcrew: T; readonly baseline: T }
type One = { readonly told: number; readonly busy: number; readonly redis: number }
/** Milliseconds; `stored` only of ours. */
type Many = { readonly stored: number; readonly shown: number; readonly busy: number }
/** Milliseconds of a processor, and commands, in a minute. */
type Idle = { readonly busy: Both<number>; readonly redis: number }

/** `passing`: while all checks pass; `firing`: while all of them are alerts. */
export type LoadFigures = {
  readonly baseline: string
  readonly checks: number
  readonly groups: number
  readonly changed: number
  readonly rest: number
  /** The costs of one change are of this time, from the change on. */
  readonly settleMs: number
  readonly memory: Record<'before' | 'passing' | 'firing', Both<number>>
  readonly idle: Record<'passing' | 'firing', Idle>
  readonly one: Record<'passing' | 'firing', Both<One>>
  readonly thousand: Both<Many>
  readonly everything: Both<Many>
}

export function reportOf(figures: LoadFigures): string {
  const { baseline, checks, groups, changed, rest, settleMs, memory, idle, one, thousand, everything } = figures
  const row = (what: string, { groundcrew, baseline: bare }: Both<number>, digits = 0) => [
    what,
    ...cells(beside(groundcrew, bare), digits),
  ]
  const of = <T, K extends keyof T>({ groundcrew, baseline: bare }: Both<T>, key: K) => ({
    groundcrew: groundcrew[key],
    baseline: bare[key],
  })
  const singles = (what: string, each: Both<One>) => [
    row(`${what}: ms to the message, p50`, of(each, 'told'), 1),
    row(`${what}: processor, ms in the ${settleMs / 1000} s after it`, of(each, 'busy')),
    [`${what}: Redis commands in that time`, each.groundcrew.redis.toFixed(0), '', ''],
  ]
  const many = (what: string, each: Both<Many>) => [
    [`${what}: s until all is stored`, (each.groundcrew.stored / 1000).toFixed(2), '', ''],
    row(`${what}: s until all ${groups} messages are true`, scaled(of(each, 'shown')), 2),
    row(`${what}: processor, s`, scaled(of(each, 'busy')), 2),
  ]
  const quiet = (what: string, { busy, redis }: Idle) => [
    row(`${what}: processor, ms`, busy),
    [`${what}: Redis commands`, redis.toFixed(0), '', ''],
  ]
  return table([
    [`alert-load: ${checks} checks in ${groups} groups`, 'Groundcrew', baseline, 'ratio'],
    ...singles('one change, all pass', one.passing),
    ...many(`${changed} changes at once`, thousand),
    ...many(`the other ${rest} at once`, everything),
    ...singles('one change, all fire', one.firing),
    ...quiet('an idle minute, all pass', idle.passing),
    ...quiet('an idle minute, all fire', idle.firing),
    row('memory with no checks, MB', memory.before),
    row('memory while all pass, MB', memory.passing),
    row('memory while all fire, MB', memory.firing),
  ])
}

const scaled = ({ groundcrew, baseline }: Both<number>) => ({
  groundcrew: groundcrew / 1000,
  baseline: baseline / 1000,
})
