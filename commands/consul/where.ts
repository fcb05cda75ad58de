import { command, datacenter, describeWhere, paged, typedAgain, z } from '#crew'

export default command({
  summary: 'Searches names of services, nodes, addresses and tags, in any case; a part of a word is enough.',
  args: z.object({
    thing: z.string().trim().min(1).describe('What to look for; several words in quotes must all be there'),
    dc: datacenter().optional().describe('Only in this datacenter'),
    page: z.number().int().min(1).default(1).describe('Of a long list'),
  }),
  examples: ['web', '10.0.3', '"web canary"'],
  allow: ['engineers', 'approvers'],
  answer: async ({ thing, dc, page }, crew) => {
    const lines = describeWhere(thing, await crew.consul.everything({ dc }))
    return paged(lines, page, typedAgain('consul where', { dc }, thing), { file: 'found.txt' })
  },
})
