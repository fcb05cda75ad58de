import { command, environmentOf, judgment, terraform, z } from '#crew'

// biome-ignore lint/style/noDefaultExport: a command file, as those under commands/
export default command({
  summary: 'Start what `loadtest up` starts, in any environment: each command of the bench has one of its own.',
  args: z.object({ environment: environmentOf().describe('Where') }),
  examples: ['lane-0'],
  environment: ({ environment }) => environment,
  allow: ['engineers'],
  stages: () => [
    terraform.plan({ size: 'small' }),
    judgment({ show: 'terraform.plan' }),
    terraform.apply({ plan: 'terraform.plan' }),
  ],
})
