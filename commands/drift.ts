import { command, drift, environmentOf, terraform, z } from '#crew'

export default command({
  summary: 'Look whether an environment is still as it was applied; changes nothing.',
  args: z.object({
    environment: environmentOf().describe('Which one'),
    quiet: z.boolean().default(false).describe('Say nothing where nothing moved: for schedules'),
  }),
  examples: ['loadtest', 'loadtest --quiet'],
  environment: ({ environment }) => environment,
  allow: ['engineers', 'approvers'],
  quiet: ({ quiet }) => quiet,
  stages: ({ environment }) => [
    terraform.plan({ id: 'moved', refreshOnly: true, mayBeDown: true }),
    terraform.plan({ asLive: true, mayBeDown: true }),
    drift({ moved: 'moved', back: 'terraform.plan', line: `drift fix ${environment}` }),
  ],
})
