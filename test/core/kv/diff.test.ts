import { describe, expect, test } from 'vitest'
import { batchesOf } from '../../../src/core/kv/batches.ts'
import type { Change, Found, Wish } from '../../../src/core/kv/diff.ts'
import { diffOf, fits, isDone } from '../../../src/core/kv/diff.ts'
import { driftHeadline, findingsOf } from '../../../src/core/kv/drift.ts'
import { heldBack, massRemovals, partOf } from '../../../src/core/kv/plan.ts'
import { applyHeadline, untouched } from '../../../src/core/kv/report.ts'
import { changeLine, planLines, valueWords } from '../../../src/core/kv/words.ts'

const digest = (text: string) => `d:${text}`
const wish = (text: string): Wish => ({ text, digest: digest(text), secret: false })
const found = (text: string, index: number): Found => ({
  text,
  digest: digest(text),
  size: text.length,
  flags: 0,
  index,
})
const PREFIXES = ['config/app/', 'config/web/']

/** The same numbers for the same seed. */
function dice(seed: number) {
  let state = seed
  return (sides: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % sides
  }
}

/** What a datacenter does with a change: by CAS, as Consul does. */
function made(there: Map<string, Found>, { key, text, index, flags }: Change, next: number): boolean {
  if ((there.get(key)?.index ?? 0) !== index) return false
  if (text === null) there.delete(key)
  else there.set(key, { ...found(text, next), flags })
  return true
}

describe('the difference', () => {
  test('made on the old state it gives the wanted one, and nothing outside of the prefixes is ever in it', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const roll = dice(seed)
      const key = () =>
        `${['config/app/', 'config/web/', 'config/application', 'infra/', 'config/'][roll(5)]}${['a', 'b', 'c/d', 'e'][roll(4)]}`
      const wanted = new Map(Array.from({ length: roll(12) }, () => [key(), wish(String(roll(3)))]))
      const old = new Map(Array.from({ length: roll(12) }, (_, at) => [key(), found(String(roll(3)), at + 1)]))
      const { changes, unchanged } = diffOf({ kind: 'key', wanted, found: old, isSecret: () => false }, PREFIXES)
      const mine = (name: string) => PREFIXES.some((prefix) => name.startsWith(prefix))
      expect(changes.filter((change) => !mine(change.key))).toEqual([])
      const there = new Map(old)
      const order = batchesOf(changes, 3).flatMap((batch) => [...batch.changes])
      expect(order).toEqual(changes)
      for (const [at, change] of order.entries()) expect(made(there, change, 100 + at)).toBe(true)
      const texts = (map: Iterable<[string, { text: string | null }]>, only = mine) =>
        Object.fromEntries([...map].filter(([name]) => only(name)).map(([name, { text }]) => [name, text]))
      expect(texts(there)).toEqual(texts(wanted))
      expect(texts(there, (name) => !mine(name))).toEqual(texts(old, (name) => !mine(name)))
      expect(changes.every((change) => isDone(change, there.get(change.key)))).toBe(true)
      expect(diffOf({ kind: 'key', wanted, found: there, isSecret: () => false }, PREFIXES).changes).toEqual([])
      expect(unchanged).toBe(
        [...wanted].filter(([name, { digest: want }]) => mine(name) && old.get(name)?.digest === want).length,
      )
      const firstGone = changes.findIndex(({ what }) => what === 'remove')
      expect(firstGone < 0 || changes.slice(firstGone).every(({ what }) => what === 'remove')).toBe(true)
    }
  })

  test('a change fits where nobody touched what it was planned against, or where it is so already', () => {
    const { changes } = diffOf(
      {
        kind: 'key',
        wanted: new Map([['config/app/a', wish('2')]]),
        found: new Map([['config/app/a', found('1', 7)]]),
        isSecret: () => false,
      },
      PREFIXES,
    )
    const [change] = changes as [Change]
    expect(fits(change, found('1', 7))).toBe(true)
    expect(fits(change, found('1', 8))).toBe(false)
    expect(fits(change, undefined)).toBe(false)
    expect(fits(change, found('2', 9))).toBe(true)
  })
})

describe('batches', () => {
  const change = (text: string | null, at = 0): Change => ({
    kind: 'key',
    what: 'change',
    key: `config/app/k${at}`,
    index: 1,
    flags: 0,
    text,
    digest: null,
    before: null,
    secret: false,
  })

  test('have at most 64 operations and what fits into a txn; what does not fit at all goes alone', () => {
    expect(
      batchesOf(Array.from({ length: 130 }, (_, at) => change('x', at))).map(({ changes }) => changes.length),
    ).toEqual([64, 64, 2])
    const large = 'x'.repeat(200_000)
    expect(batchesOf([change(large), change(large), change('x')]).map(({ changes }) => changes.length)).toEqual([1, 2])
    expect(batchesOf([change('a'), change('x'.repeat(512 * 1024)), change('b')])).toMatchObject([
      { alone: false },
      { alone: true },
      { alone: false },
    ])
    expect(batchesOf([])).toEqual([])
  })
})

describe('what people are told', () => {
  const part = (dc: string, wanted: [string, string][], there: [string, string][]) => {
    const state = new Map(there.map(([key, text], at) => [key, found(text, at + 1)]))
    const sizes = { 'config/app/': state.size }
    return partOf(
      { dc, state: 'read', why: '', sizes, right: null },
      diffOf(
        {
          kind: 'key',
          wanted: new Map(wanted.map(([key, text]) => [key, wish(text)])),
          found: state,
          isSecret: (key) => key.endsWith('password'),
        },
        PREFIXES,
      ),
      null,
    )
  }

  test('secrets are never in a line, large values and those of several lines by size and digest', () => {
    const lines = part(
      'dc1',
      [
        ['config/app/password', 'hunter2'],
        ['config/app/text', 'a\nb'],
        ['config/app/x', 'y'],
      ],
      [['config/app/password', 'old']],
    ).changes.map(changeLine)
    expect(lines).toEqual([
      '~ config/app/password (secret) → (secret)',
      '+ config/app/text (3 bytes, sha256 d:a\nb)',
      '+ config/app/x "y"',
    ])
    expect(valueWords({ text: null, digest: 'abcdef0123456789', size: 2048 }, false)).toBe(
      '(2.0 KiB, sha256 abcdef012345, no text)',
    )
  })

  test('datacenters of which the same is said stand together, what is risky first', () => {
    const wanted: [string, string][] = [['config/app/x', 'y']]
    const parts = ['dc1', 'dc2'].map((dc) => part(dc, wanted, [['config/app/old', '1']]))
    const plan = { name: 'app', hub: 'dc1', prefixes: PREFIXES, parts: [...parts, part('dc3', wanted, [])] }
    expect(planLines(plan)).toEqual({
      lines: ['dc1, dc2: - config/app/old (was "1")', 'dc1, dc2: + config/app/x "y"', 'dc3: + config/app/x "y"'],
      risky: 1,
    })
  })

  test('more than half of a prefix, and more than ten keys, is said loudly', () => {
    const there = (count: number): [string, string][] =>
      Array.from({ length: count }, (_, at) => [`config/app/k${String(at).padStart(2, '0')}`, 'x'])
    const plan = (goes: number, has: number) => ({
      name: 'app',
      hub: 'dc1',
      prefixes: PREFIXES,
      parts: [part('dc1', there(has).slice(goes), there(has))],
    })
    expect(massRemovals(plan(11, 21))).toEqual([{ dc: 'dc1', prefix: 'config/app/', goes: 11, has: 21 }])
    expect(massRemovals(plan(11, 22))).toEqual([])
    expect(massRemovals(plan(10, 10))).toEqual([])
    expect(planLines(plan(12, 12)).lines[0]).toBe('dc1: REMOVES 12 OF THE 12 KEYS below config/app/')
  })

  test('a doubted hub keeps removals out of the spokes and nothing else', () => {
    const parts = [
      part('dc1', [], []),
      part(
        'dc2',
        [['config/app/x', '1']],
        [
          ['config/app/old', '1'],
          ['config/web/old', '1'],
        ],
      ),
    ]
    expect(heldBack(parts, 'dc1', ['config/app/'])[1]).toMatchObject({
      held: ['config/app/old'],
      changes: [{ what: 'add' }, { what: 'remove', key: 'config/web/old' }],
    })
    expect(heldBack(parts, 'dc1', [])).toEqual(parts)
  })

  test('a report counts what was written and what was not', () => {
    const { changes } = part(
      'dc1',
      [
        ['config/app/a', '1'],
        ['config/app/b', '1'],
      ],
      [],
    )
    const done = { ...untouched('dc1', [], ''), state: 'done' as const, written: changes }
    const waits = { ...untouched('dc2', changes, 'it is away.'), state: 'waits' as const }
    expect(applyHeadline([done, waits])).toBe('2 written, 2 not written. dc2 waits: caught up when it answers again.')
  })
})

describe('drift', () => {
  const right = (text: string, index = 1) => ({ index, digest: digest(text) })
  const changesOf = (wanted: [string, string][], there: [string, string, number][]) =>
    diffOf({
      kind: 'key',
      wanted: new Map(wanted.map(([key, text]) => [key, wish(text)])),
      found: new Map(there.map(([key, text, index]) => [key, found(text, index)])),
      isSecret: () => false,
    }).changes

  test('what is in Consul as it was when it was last right was not touched: the source moved', () => {
    const changes = changesOf(
      [
        ['a', '2'],
        ['b', '1'],
        ['new', '1'],
        ['gone', '1'],
      ],
      [
        ['a', '1', 1],
        ['b', 'hand', 9],
        ['dropped', '1', 1],
        ['extra', 'x', 8],
      ],
    )
    const last = {
      at: 0,
      keys: new Map([
        ['a', right('1')],
        ['b', right('1')],
        ['dropped', right('1')],
        ['gone', right('1')],
      ]),
      services: new Map(),
    }
    const by = findingsOf('dc1', changes, last, () => 5).map((finding) => `${finding.change.key} ${finding.by}`)
    expect(by.toSorted()).toEqual(['a source', 'b hand', 'dropped source', 'extra hand', 'gone hand', 'new source'])
    const first = findingsOf('dc1', changes, null, () => 5).map((finding) => `${finding.change.key} ${finding.by}`)
    expect(first.toSorted()).toEqual(['a hand', 'b hand', 'dropped hand', 'extra hand', 'gone source', 'new source'])
  })

  test('says what could not be looked at', () => {
    expect(driftHeadline([], ['dc1'], ['dc2'])).toBe('Nothing was changed by hand in dc1. dc2 could not be looked at.')
  })
})
