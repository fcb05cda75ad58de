import { command, environmentOf, terraform, z } from '#crew'

// biome-ignore lint/style/noDefaultExport: a command file, as those under commands/
export default command({
  summary: 'Plan and stop there: nothing waits for anybody.',
  args: z.object({ environment: environmentOf().describe('Where') }),
  examples: ['lane-0'],
  environment: ({ environment }) => environment,
  allow: ['engineers'],
  stages: () => [terraform.plan({ size: 'small' })],
})
