import { command, environmentOf, health, judgment, scalableOf, scaleTarget, terraform, wait, z } from '#crew'

export default command({
  summary: 'Scale an environment or a service: one step up or down, to a count, or to a size.',
  args: z.object({
    target: scalableOf().describe('What to scale'),
    to: z.string().describe('`up`, `down`, a whole number or a size'),
    env: environmentOf().optional().describe('Where, for a service that runs in several environments'),
  }),
  examples: ['loadtest up', 'loadtest medium', 'loadtest 4'],
  environment: ({ target, env }, site) => scaleTarget(site, target, env).environment,
  allow: ['engineers'],
  stages: ({ target, to, env }, { site }) => {
    const { service } = scaleTarget(site, target, env)
    return [
      terraform.plan({ scale: { to, ...(service ? { counted: service.counted } : {}) } }),
      judgment({ show: 'terraform.plan' }),
      wait({
        plan: 'terraform.plan',
        when: 'takesAway',
        for: site.scale_down_wait,
        postpone: site.scale_down_postpone,
        why: 'Then instances are taken away, as the plan says.',
      }),
      terraform.apply({ plan: 'terraform.plan' }),
      service ? health({ service: service.consul, passing: { variable: service.counted.variable } }) : health(),
    ]
  },
})
