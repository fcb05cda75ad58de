import { describe, expect, test } from 'vitest'
import type { EnvironmentRecord, Lifetime } from '../../src/core/environment.ts'
import { claim, extended, newEnvironment, placeOf, release } from '../../src/core/environment.ts'
import { UserError } from '../../src/errors.ts'
import { environment as settings } from './sample-site.ts'
import { alice, bob, HOUR, START } from './world.ts'

const wants = (execution: string) => ({ execution, line: 'loadtest up small', actor: alice, since: START })
const held = (...ids: string[]) => ids.reduce((at, id) => claim(at, wants(id)), newEnvironment('loadtest'))
const order = ({ lock, queue }: EnvironmentRecord) => [lock, ...queue].map((each) => each?.execution ?? null)

describe('the lock', () => {
  test('goes to the first, and the others queue in the order in which they came', () => {
    const three = held('a', 'b', 'c')
    expect(order(three)).toEqual(['a', 'b', 'c'])
    expect(['a', 'b', 'c', 'x'].map((id) => placeOf(three, id))).toEqual([0, 1, 2, 0])
  })

  test('is given to the next when it is given back, and says since when', () => {
    const next = release(held('a', 'b', 'c'), 'a', START + HOUR)
    expect(order(next)).toEqual(['b', 'c'])
    expect(next.lock?.since).toBe(START + HOUR)
  })

  test('is free when nobody waits', () => {
    expect(release(held('a'), 'a', START)).toMatchObject({ lock: null, queue: [] })
  })

  test('stays where it is when somebody leaves the queue', () => {
    const after = release(held('a', 'b', 'c'), 'b', START + HOUR)
    expect(order(after)).toEqual(['a', 'c'])
    expect(after.lock?.since).toBe(START)
  })

  test('is not given back by somebody who does not have it', () => {
    expect(release(held('a', 'b'), 'x', START)).toMatchObject(held('a', 'b'))
  })

  test('is waited for by the end of a lifetime before all others, but not taken away', () => {
    expect(order(claim(held('a', 'b'), wants('end'), true))).toEqual(['a', 'end', 'b'])
    expect(order(claim(held(), wants('end'), true))).toEqual(['end'])
  })
})

const lifetime: Lifetime = {
  id: 'r1',
  execution: 'r1',
  channel: 'C01OPS',
  startedAt: START,
  endsAt: START + 4 * HOUR,
  askers: ['T01TEAM/U01ALICE'],
  approvers: ['T01TEAM/U02BOB'],
  lineage: 'L1',
  warned: true,
  ending: null,
  extendedBy: [],
}
const living = (change: Partial<Lifetime> = {}): EnvironmentRecord => ({
  ...newEnvironment('loadtest'),
  lifetime: { ...lifetime, ...change },
})
const extend = (environment: EnvironmentRecord, now = START + 3 * HOUR) =>
  extended(environment, settings, bob, now).lifetime

describe('an extension', () => {
  test('adds to the end, warns again, and has an id of its own', () => {
    expect(extend(living())).toMatchObject({ endsAt: START + 5 * HOUR, warned: false, id: 'r1-x1' })
    expect(extend({ ...living(), lifetime: extend(living()) ?? null })).toMatchObject({
      endsAt: START + 6 * HOUR,
      id: 'r1-x2',
    })
  })

  test('makes whoever asked for it an asker, once', () => {
    const once = extend(living())
    expect(once?.askers).toEqual(['T01TEAM/U01ALICE', 'T01TEAM/U02BOB'])
    expect(extend({ ...living(), lifetime: once ?? null })?.askers).toEqual(once?.askers)
  })

  test('leaves what was approved as it is', () => {
    expect(extend(living())).toMatchObject({ lineage: 'L1', approvers: lifetime.approvers, startedAt: START })
  })

  test('never goes past the maximum after the beginning, and then says so', () => {
    const near = living({ endsAt: START + 23.5 * HOUR })
    expect(extend(near)?.endsAt).toBe(START + 24 * HOUR)
    expect(() => extend(living({ endsAt: START + 24 * HOUR }))).toThrow(/most this site allows \(1 d after it began\)/)
  })

  test('of a time that is over but not ended yet counts from now', () => {
    expect(extend(living(), START + 6 * HOUR)?.endsAt).toBe(START + 7 * HOUR)
  })

  test.each<[string, EnvironmentRecord, RegExp]>([
    ['there is no lifetime', newEnvironment('loadtest'), /has no time limit now/],
    ['it is being taken down', living({ ending: 'end-r1' }), /already being taken down \(`runs show end-r1`\)/],
  ])('is refused when %s', (_when, environment, why) => {
    expect(() => extend(environment)).toThrow(UserError)
    expect(() => extend(environment)).toThrow(why)
  })
})
