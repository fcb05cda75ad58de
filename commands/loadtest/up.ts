import { command, duration, health, judgment, sizeOf, terraform, z } from '#crew'

export default command({
  summary: 'Bring up the load-test environment at a given size.',
  args: z.object({
    size: sizeOf('loadtest').describe('How big'),
    for: duration().default('4h').describe('Taken down again after this long'),
  }),
  examples: ['large', 'small --for 2h'],
  environment: 'loadtest',
  allow: ['engineers'],
  lifetime: (args) => args.for,
  stages: ({ size }) => [
    terraform.plan({ size }),
    judgment({ show: 'terraform.plan' }),
    terraform.apply({ plan: 'terraform.plan' }),
    health(),
  ],
})
