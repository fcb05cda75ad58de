import { command, judgment, terraform } from '#crew'

export default command({
  summary: 'Destroy everything in the load-test environment.',
  examples: [''],
  environment: 'loadtest',
  allow: ['engineers'],
  stages: () => [
    terraform.plan({ destroy: true }),
    judgment({ show: 'terraform.plan' }),
    terraform.apply({ plan: 'terraform.plan' }),
  ],
})
