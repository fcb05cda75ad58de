import { command, datacenter, describeHealth, paged, typedAgain, z } from '#crew'

export default command({
  summary: 'Every check that does not pass, the worst first; with `--state` those in that state.',
  args: z.object({
    state: z.enum(['passing', 'warning', 'critical', 'any']).optional().describe('Only checks in this state'),
    dc: datacenter().optional().describe('Only in this datacenter'),
    page: z.number().int().min(1).default(1).describe('Of a long list'),
  }),
  examples: ['', '--state critical', '--state any --dc dc2'],
  allow: ['engineers', 'approvers'],
  answer: async ({ state, dc, page }, crew) => {
    const [found, since] = await Promise.all([crew.consul.checks(state ?? 'sick', { dc }), crew.consul.since()])
    const lines = describeHealth(found, { state, since, now: crew.now })
    return paged(lines, page, typedAgain('consul health', { state, dc }), { file: 'checks.txt' })
  },
})
