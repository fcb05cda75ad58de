import { command, consulService, datacenter, describeService, paged, typedAgain, z } from '#crew'

export default command({
  summary: 'The instances of a service, sick ones first: address, version, tags, health, and what their checks say.',
  args: z.object({
    service: consulService().describe('Its name in Consul'),
    dc: datacenter().optional().describe('Only in this datacenter'),
    passing: z.boolean().default(false).describe('Only those that Consul would send anybody to'),
    page: z.number().int().min(1).default(1).describe('Of a long list'),
  }),
  examples: ['web', 'web --dc dc2', 'web --passing'],
  allow: ['engineers', 'approvers'],
  answer: async ({ service, dc, passing, page }, crew) => {
    const [found, since] = await Promise.all([crew.consul.service(service, { dc, passing }), crew.consul.since()])
    const lines = describeService(service, found, { passing, since, now: crew.now })
    return paged(lines, page, typedAgain('consul service', { dc, passing }, service), { file: 'instances.txt' })
  },
})
