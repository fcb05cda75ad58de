import { command, health, judgment, sizeOf, terraform, z } from '#crew'

export default command({
  summary: 'Change the size of the load-test environment; how long it stays up does not change.',
  args: z.object({ size: sizeOf('loadtest').describe('How big it shall be') }),
  examples: ['medium'],
  environment: 'loadtest',
  allow: ['engineers'],
  stages: ({ size }) => [
    terraform.plan({ size }),
    judgment({ show: 'terraform.plan' }),
    terraform.apply({ plan: 'terraform.plan' }),
    health(),
  ],
})
