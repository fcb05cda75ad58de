import { command, environmentOf, health, judgment, terraform, z } from '#crew'

export default command({
  summary: 'Put an environment back to what was last applied: a plan with the live values, a judgment, an apply.',
  args: z.object({ environment: environmentOf().describe('Which one') }),
  examples: ['loadtest'],
  environment: ({ environment }) => environment,
  allow: ['engineers'],
  stages: () => [
    terraform.plan({ asLive: true }),
    judgment({ show: 'terraform.plan' }),
    terraform.apply({ plan: 'terraform.plan' }),
    health(),
  ],
})
