import { describe, expect, test } from 'vitest'
import {
  afterLook,
  ended,
  type ServiceWatch,
  type WatchChange,
  type WatchedInstance,
  type WatchLook,
} from '../../../src/core/consul/watch.ts'

const by = { kind: 'slack', team: 'T01', user: 'U01ALICE' } as const
const fresh: ServiceWatch = {
  ...{ id: 'w1', version: 1, service: 'web', dc: null, by, channel: 'C01', from: 0, until: 1000 },
  ...{ looked: null, instances: [], blind: [], notes: [], told: 0, ended: null },
}
const at = (id: string, state: WatchedInstance['state'] = 'passing', dc = 'dc1'): WatchedInstance => ({
  ...{ dc, node: 'n1', id, place: '10.0.0.1:80', state, said: '' },
})
const look = (dc: string, ...instances: WatchedInstance[]): WatchLook => ({ dc, instances })
const now = { now: 10, missed: false }

/** The watch after several looks, where each finds something. */
function following(...looks: readonly (readonly WatchLook[])[]): ServiceWatch {
  return looks.reduce((watch, each) => afterLook(watch, each, now) ?? watch, fresh)
}
const told = (watch: ServiceWatch) => watch.notes.map(({ changes }) => changes.map(inWords))
const inWords = (change: WatchChange) => {
  if ('instance' in change) return `${change.instance.id} ${change.what} ${change.from ?? ''}>${change.instance.state}`
  return 'dc' in change ? `${change.dc} ${change.what}` : change.what
}

test('the first look tells nothing: it is how things stand', () => {
  const watch = following([look('dc1', at('a'), at('b', 'critical'))])
  expect(watch.looked).toEqual(['dc1'])
  expect(watch.instances).toHaveLength(2)
  expect(told(watch)).toEqual([])
})

test('what came, went and turned is told together, once', () => {
  const first = [look('dc1', at('a'), at('b'))]
  const second = [look('dc1', at('b', 'critical'), at('c'))]
  expect(told(following(first, second, second))).toEqual([
    ['a went passing>passing', 'b turned passing>critical', 'c came >passing'],
  ])
})

test('nothing that changed is nothing to store', () => {
  expect(afterLook(following([look('dc1', at('a'))]), [look('dc1', at('a'))], now)).toBeNull()
})

test('a datacenter that joins later is followed from then on', () => {
  const third = (...instances: WatchedInstance[]) => look('dc3', ...instances)
  const watch = following(
    [look('dc1', at('a'))],
    [look('dc1', at('a')), third(at('z', 'passing', 'dc3'))],
    [look('dc1', at('a')), third(at('z', 'passing', 'dc3'))],
    [look('dc1', at('a')), third()],
  )
  expect(watch.looked).toEqual(['dc1', 'dc3'])
  expect(told(watch)).toEqual([['z went passing>passing']])
})

describe('a datacenter that does not answer', () => {
  test('is told once, and what it had has not gone', () => {
    const silent: WatchLook = { dc: 'dc2', trouble: 'no answer.' }
    const watch = following([look('dc1', at('a')), look('dc2', at('z', 'passing', 'dc2'))], [silent], [silent])
    expect(told(watch)).toEqual([['dc2 blind']])
    expect(watch.instances.map(({ id }) => id)).toEqual(['a', 'z'])
  })

  test('tells what is different when it answers again', () => {
    const watch = following(
      [look('dc2', at('z', 'passing', 'dc2'))],
      [{ dc: 'dc2', trouble: 'x' }],
      [look('dc2', at('z', 'critical', 'dc2'))],
    )
    expect(told(watch).at(-1)).toEqual(['dc2 sees', 'z turned passing>critical'])
    expect(watch.blind).toEqual([])
  })

  test('and never did tells no arrivals when it does for the first time', () => {
    const watch = following(
      [look('dc1', at('a')), { dc: 'dc2', trouble: 'x' }],
      [look('dc2', at('z', 'passing', 'dc2'))],
    )
    expect(watch.blind).toEqual([])
    expect(told(watch)).toEqual([['dc2 sees']])
  })
})

test('the same id on two nodes is two instances', () => {
  const other = { ...at('a'), node: 'n2' }
  expect(told(following([look('dc1', at('a'))], [look('dc1', at('a'), other)]))).toEqual([['a came >passing']])
})

test('old notes are forgotten, and all of them counted', () => {
  const looks = Array.from({ length: 101 }, (_, n) => [look('dc1', at('a', n % 2 ? 'critical' : 'passing'))])
  const watch = following(...looks)
  expect(watch.told).toBe(100)
  expect(watch.notes.length).toBeLessThan(100)
  expect(watch.notes.at(-1)?.n).toBe(100)
})

test('of many changes the first are kept, sick ones before others, and the rest is counted', () => {
  const those = (state: WatchedInstance['state']) => Array.from({ length: 100 }, (_, n) => at(`${state}-${n}`, state))
  const watch = following(
    [look('dc1')],
    [look('dc1', ...those('passing'), ...those('critical')), { dc: 'dc2', trouble: 'no answer.' }],
  )
  const [note] = watch.notes
  expect(note?.changes.length).toBeLessThan(50)
  expect((note?.changes.length ?? 0) + (note?.more ?? 0)).toBe(201)
  expect(told(watch)[0]?.slice(0, 2)).toEqual(['dc2 blind', 'critical-0 came >critical'])
})

test('it ends once', () => {
  const over = ended(fresh, { now: 1000, by: null })
  expect(over?.ended).toEqual({ at: 1000, by: null })
  expect(told(over ?? fresh)).toEqual([['over']])
  expect(over && ended(over, { now: 2000, by })).toBeNull()
})
