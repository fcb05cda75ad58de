/** What a graph is drawn from: `after` and `recovers` name other stages. */
export type GraphStage = {
  readonly id: string
  readonly after: readonly string[]
  readonly recovers?: readonly string[]
}

/** A stage's place: in which row from the top, and in which column of it. */
export type Placed<Stage> = { readonly stage: Stage; readonly row: number; readonly column: number }
export type Edge = { readonly from: string; readonly to: string; readonly recovers: boolean }
export type Graph<Stage> = {
  readonly placed: readonly Placed<Stage>[]
  readonly edges: readonly Edge[]
  readonly rows: number
  readonly columns: number
}

/**
 * Puts every stage below all that it comes after, as high as that allows, and beside those of its row in the order in which they are
 * written. What names a stage that is not there, or comes after itself, is put as if it did not.
 */
export function layOut<Stage extends GraphStage>(stages: readonly Stage[]): Graph<Stage> {
  const known = new Map(stages.map((stage) => [stage.id, stage]))
  const edges = stages.flatMap(({ id, after, recovers = [] }) => [
    ...after.filter((from) => known.has(from)).map((from) => ({ from, to: id, recovers: false })),
    ...recovers
      .filter((from) => known.has(from) && !after.includes(from))
      .map((from) => ({ from, to: id, recovers: true })),
  ])
  const rows = rowsOf(stages, edges)
  const filled: number[] = []
  const placed = stages.map((stage) => {
    const row = rows.get(stage.id) ?? 0
    const column = filled[row] ?? 0
    filled[row] = column + 1
    return { stage, row, column }
  })
  return { placed, edges, rows: filled.length, columns: Math.max(0, ...filled) }
}

/** The longest way down to each, by taking away what nothing is left above (Kahn); what stands in a circle stays in the first row. */
function rowsOf(stages: readonly GraphStage[], edges: readonly Edge[]): Map<string, number> {
  const rows = new Map(stages.map(({ id }) => [id, 0]))
  const below = Map.groupBy(edges, ({ from }) => from)
  const above = new Map(stages.map(({ id }) => [id, 0]))
  for (const { to } of edges) above.set(to, (above.get(to) ?? 0) + 1)
  const free = stages.filter(({ id }) => above.get(id) === 0).map(({ id }) => id)
  for (const id of free) {
    for (const { to } of below.get(id) ?? []) {
      rows.set(to, Math.max(rows.get(to) ?? 0, (rows.get(id) ?? 0) + 1))
      above.set(to, (above.get(to) ?? 0) - 1)
      if (above.get(to) === 0) free.push(to)
    }
  }
  return rows
}
