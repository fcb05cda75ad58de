import type { Execution, StageRun } from '../../core/execution.ts'
import { layOut } from '../../core/graph.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { stateText } from './words.ts'

const [WIDE, HIGH, BESIDE, BELOW, EDGE] = [208, 46, 24, 30, 8]

/** The stages as a graph, from the top to the bottom, so that it fits on a phone; each is a link to its log. */
export function graphOf({ stages }: Execution): Html {
  const { placed, edges, rows, columns } = layOut(stages.filter(({ aside }) => aside !== true))
  const filled = new Map<number, number>()
  for (const { row } of placed) filled.set(row, (filled.get(row) ?? 0) + 1)
  const width = columns * (WIDE + BESIDE) - BESIDE + 2 * EDGE
  const height = rows * (HIGH + BELOW) - BELOW + 2 * EDGE
  const at = new Map(
    placed.map(({ stage, row, column }) => {
      const room = (filled.get(row) ?? 1) * (WIDE + BESIDE) - BESIDE
      const x = EDGE + (width - 2 * EDGE - room) / 2 + column * (WIDE + BESIDE)
      return [stage.id, { x, y: EDGE + row * (HIGH + BELOW) }] as const
    }),
  )
  const states = new Map(stages.map(({ id, state }) => [id, state]))
  const lines = edges.map(({ from, to, recovers }) => {
    const [a, b] = [at.get(from) ?? { x: 0, y: 0 }, at.get(to) ?? { x: 0, y: 0 }]
    const [x1, y1, x2, y2] = [a.x + WIDE / 2, a.y + HIGH, b.x + WIDE / 2, b.y]
    const bend = Math.min(BELOW, (y2 - y1) / 2)
    const way = `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
    return html`<path d="${way}" class="edge ${recovers ? 'recovers' : ''} from-${states.get(from) ?? ''}"/>`
  })
  const nodes = placed.map(({ stage }) => nodeOf(stage, at.get(stage.id) ?? { x: 0, y: 0 }))
  return html`<svg id="graph" role="group" aria-label="Stages and their states" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${lines}${nodes}</svg>`
}

function nodeOf(stage: StageRun, { x, y }: { x: number; y: number }): Html {
  const { id, attempt, state } = stage
  const said = `${stateText(stage)}${attempt > 1 ? ` (attempt ${attempt})` : ''}`
  return html`<a href="#log" data-stage="${id}" data-attempt="${attempt}"><g class="node ${state}" transform="translate(${x} ${y})"><title>${id}: ${said}</title><rect width="${WIDE}" height="${HIGH}" rx="6"/><text x="12" y="19" class="name">${short(id, 26)}</text><text x="12" y="36" class="state">${short(said, 30)}</text></g></a>`
}

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}
