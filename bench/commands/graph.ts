import { command, environmentOf, health, parallel, z } from '#crew'

/** How many go on beside each other. */
const WIDE = 10

// biome-ignore lint/style/noDefaultExport: a command file, as those under commands/
export default command({
  summary: 'So many stages, ten of them beside each other at a time; each does nothing.',
  args: z.object({
    environment: environmentOf().describe('Where'),
    stages: z.coerce.number().int().min(1).max(1000).describe('How many'),
  }),
  examples: ['lane-0 100'],
  environment: ({ environment }) => environment,
  allow: ['engineers'],
  stages: ({ stages }) => layersOf(stages).flatMap((layer) => (layer.length > 1 ? parallel(layer) : layer)),
})

function layersOf(count: number) {
  const all = Array.from({ length: count }, (_, at) => health({ id: `stage-${at + 1}` }))
  return Array.from({ length: Math.ceil(count / WIDE) }, (_, at) => all.slice(at * WIDE, (at + 1) * WIDE))
}
