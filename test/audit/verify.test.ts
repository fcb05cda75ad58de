import { describe, expect, test } from 'vitest'
import { textOf } from '../../src/engine/audit/chain.ts'
import { chainOf, forged, headOf, knownOf, named, textsOf, verdictOf } from './lines.ts'

const chain = chainOf(12)
const good = textsOf(chain)
const text = (seq: number) => good[seq - 1] ?? ''
const line = (seq: number) => chain[seq - 1] ?? chainOf(1)[0] ?? expect.unreachable()
const changed = (seq: number) => text(seq).replace('command', 'cOmmand')
const put = (seq: number, ...by: string[]) => good.toSpliced(seq - 1, 1, ...by)

const wholes = [knownOf(chain), headOf(chain)] as const

describe.each([
  ['where Redis still has every line', wholes[0]],
  ['where Redis keeps the head alone', wholes[1]],
])('%s', (_where, known) => {
  test('a whole chain has no problem', async () => {
    expect(await verdictOf(good, known)).toEqual({ lines: 12, first: 1, last: 12, problems: [] })
  })

  test.each([
    ['a changed byte', put(5, changed(5)), ['changed@5']],
    ['a changed number', put(5, text(5).replace('"seq":5', '"seq":6')), ['changed@5']],
    ['a changed first line', put(1, changed(1)), ['changed@1']],
    ['a changed last line', put(12, changed(12)), ['changed@12']],
    ['two changed lines in a row', put(5, changed(5)).with(5, changed(6)), ['changed@5', 'changed@6']],
    ['a removed line', put(5), ['missing@5']],
    ['three removed lines', good.toSpliced(4, 3), ['missing@5']],
    ['a removed first line', put(1), ['missing@1']],
    ['swapped neighbours', good.with(4, text(6)).with(5, text(5)), ['reordered@5']],
    ['swapped first lines', good.with(0, text(2)).with(1, text(1)), ['reordered@1']],
    ['swapped last lines', good.with(10, text(12)).with(11, text(11)), ['reordered@11']],
    ['lines swapped over a distance', good.with(2, text(9)).with(8, text(3)), ['reordered@3', 'reordered@9']],
    ['a line moved down', good.toSpliced(4, 1).toSpliced(8, 0, text(5)), ['reordered@9']],
    ['a line moved up', good.toSpliced(8, 1).toSpliced(4, 0, text(9)), ['reordered@5']],
    ['an inserted line that is none', good.toSpliced(5, 0, 'hello'), ['inserted@6']],
    ['an empty line', good.toSpliced(5, 0, ''), ['inserted@6']],
    ['a line that is there twice', good.toSpliced(5, 0, text(5)), ['inserted@6']],
    ['a line from far away', good.toSpliced(5, 0, textOf({ ...line(5), seq: 99 })), ['inserted@6']],
    ['a cut tail', good.slice(0, 9), ['cut@9']],
    ['one line cut off', good.slice(0, 11), ['cut@11']],
    ['everything cut off', [], ['cut@0']],
    ['something behind the end', [...good, 'more'], ['inserted@13']],
    [
      'a changed and a removed line and a cut tail',
      put(3, changed(3)).toSpliced(6, 1).slice(0, 9),
      ['changed@3', 'missing@7', 'cut@9'],
    ],
  ])('%s is found and named', async (_what, lines, problems) => {
    expect(named(await verdictOf(lines, known))).toEqual(problems)
  })

  test('a last line that is not whole is cut', async () => {
    expect(named(await verdictOf(good.slice(0, 11), known, text(12).slice(0, 40)))).toEqual(['cut@12'])
    expect(named(await verdictOf(good, known, text(12).slice(0, 40)))).toEqual(['cut@13'])
  })
})

test('it says which line of the chain it is about', async () => {
  const said = async (lines: string[]) => (await verdictOf(lines, wholes[0])).problems.map((problem) => problem.text)
  expect(await said(put(5, changed(5)))).toEqual([expect.stringContaining('entry 5 is not as it was written')])
  expect(await said(good.toSpliced(4, 3))).toEqual(['entries 5 to 7 are not there'])
  expect(await said(good.slice(0, 9))).toEqual([expect.stringContaining('entries 10 to 12 are cut off')])
  expect(await said(put(1))).toEqual(['entry 1 is not there'])
})

describe('a line that was changed and hashed anew', () => {
  test('is found by the line that follows it', async () => {
    expect(named(await verdictOf(put(5, textOf(forged(line(5)))), wholes[1]))).toEqual(['changed@5'])
  })

  test('is found by Redis, with everything behind it hashed anew as well', async () => {
    const rest = [forged(line(10))]
    for (const seq of [11, 12]) rest.push(forged(line(seq), rest.at(-1)?.hash))
    const lines = [...good.slice(0, 9), ...textsOf(rest)]
    expect(named(await verdictOf(lines, wholes[0]))).toEqual(['changed@10', 'changed@11', 'changed@12'])
    const head = { ...wholes[1], hashOf: (seq: number) => (seq === 12 ? line(12).hash : undefined) }
    expect(named(await verdictOf(lines, head))).toEqual(['changed@12'])
  })

  test('is told from one that was put before the real one', async () => {
    const lines = good.toSpliced(5, 0, textOf(forged(line(6), line(5).hash)))
    expect(named(await verdictOf(lines, wholes[0]))).toEqual(['inserted@6'])
    expect(named(await verdictOf(lines, wholes[1]))).not.toEqual([])
  })
})

test('a first line with another line before it is no first line', async () => {
  const lines = put(1, textOf(forged(line(1), 'f'.repeat(64))))
  expect(named(await verdictOf(lines, { ...wholes[1], head: null }))).toContain('changed@1')
})

test('a file may begin later only where Redis says that it does', async () => {
  const late = good.slice(5)
  expect(named(await verdictOf(late, wholes[0]))).toEqual(['missing@1'])
  expect(named(await verdictOf(late, { ...wholes[0], firsts: [6] }))).toEqual([])
  expect(named(await verdictOf(late.slice(1), { ...wholes[0], firsts: [6] }))).toEqual(['missing@1'])
})

test('without Redis the chain alone is looked at', async () => {
  const alone = { hashOf: () => undefined, firsts: [1], head: null }
  expect(named(await verdictOf(good.slice(0, 9), alone))).toEqual([])
  expect(named(await verdictOf(put(5), alone))).toEqual(['missing@5'])
})
