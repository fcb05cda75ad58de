import { command, consulTag, datacenter, describeServices, paged, typedAgain, z } from '#crew'

export default command({
  summary: 'The services of all datacenters, or of one, with their tags.',
  args: z.object({
    tag: consulTag().optional().describe('Only those with this tag'),
    dc: datacenter().optional().describe('Only in this datacenter'),
    page: z.number().int().min(1).default(1).describe('Of a long list'),
  }),
  examples: ['', '--tag canary', '--dc dc2 --page 2'],
  allow: ['engineers', 'approvers'],
  answer: async ({ tag, dc, page }, crew) => {
    const lines = describeServices(await crew.consul.services({ dc }), { tag })
    return paged(lines, page, typedAgain('consul services', { tag, dc }), { file: 'services.txt' })
  },
})
