import { describe, expect, test } from 'vitest'
import { layOut } from '../../src/core/graph.ts'

const stage = (id: string, after: string[] = [], recovers?: string[]) => ({
  id,
  after,
  ...(recovers ? { recovers } : {}),
})
const placesOf = (stages: Parameters<typeof layOut>[0]) =>
  Object.fromEntries(layOut(stages).placed.map(({ stage: { id }, row, column }) => [id, [row, column]]))

describe('a graph', () => {
  test('puts each stage below all that it comes after, and branches side by side', () => {
    const stages = [stage('a'), stage('b', ['a']), stage('c', ['a']), stage('d', ['b']), stage('e', ['d', 'c'])]
    expect(placesOf(stages)).toEqual({ a: [0, 0], b: [1, 0], c: [1, 1], d: [2, 0], e: [3, 0] })
    expect(layOut(stages)).toMatchObject({ rows: 4, columns: 2 })
  })

  test('draws what recovers apart, and leaves out names that are not there', () => {
    const { edges } = layOut([stage('a', ['gone']), stage('b', ['a'], ['a']), stage('c', [], ['a'])])
    expect(edges).toEqual([
      { from: 'a', to: 'b', recovers: false },
      { from: 'a', to: 'c', recovers: true },
    ])
  })

  test('a circle ends', () => {
    expect(placesOf([stage('a', ['b']), stage('b', ['a']), stage('c')])).toEqual({ a: [0, 0], b: [0, 1], c: [0, 2] })
  })

  test('no edge goes up or sideways, whatever the graph', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const next = (most: number, salt: number) => (seed * 7919 + salt * 104_729) % most
      const stages = Array.from({ length: 60 }, (_, at) =>
        stage(`s${at}`, at === 0 ? [] : [`s${next(at, at)}`, `s${next(at, at + 31)}`]),
      )
      const { placed, edges } = layOut(stages)
      const rows = new Map(placed.map(({ stage: { id }, row }) => [id, row]))
      for (const { from, to } of edges) expect(rows.get(to)).toBeGreaterThan(rows.get(from) ?? -1)
      expect(new Set(placed.map(({ row, column }) => `${row},${column}`)).size).toBe(60)
    }
  })
})
