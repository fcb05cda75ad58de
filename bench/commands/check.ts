import { command, environmentOf, health, z } from '#crew'

// biome-ignore lint/style/noDefaultExport: a command file, as those under commands/
export default command({
  summary: 'Wait until an environment is healthy; one without services is so at once.',
  args: z.object({ environment: environmentOf().describe('Where') }),
  examples: ['lane-0'],
  environment: ({ environment }) => environment,
  allow: ['engineers'],
  stages: () => [health()],
})
