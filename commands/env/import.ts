import { command, environmentOf, judgment, resourceAddress, resourceId, terraform, z } from '#crew'

export default command({
  summary: 'Bring a resource that exists already into the state of an environment, by a plan that somebody approves.',
  args: z.object({
    environment: environmentOf().describe('Where it belongs'),
    address: resourceAddress().describe('The address of its block in the stack, which has to be there already'),
    id: resourceId().describe('What its provider knows it by'),
  }),
  examples: ['loadtest aws_instance.bastion i-0123456789abcdef0'],
  environment: ({ environment }) => environment,
  allow: ['engineers'],
  stages: ({ address, id }) => [
    terraform.plan({ imports: { address, id } }),
    judgment({ show: 'terraform.plan' }),
    terraform.apply({ plan: 'terraform.plan' }),
  ],
})
