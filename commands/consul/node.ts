import { command, consulNode, datacenter, describeNode, paged, typedAgain, z } from '#crew'

export default command({
  summary: 'A node: its addresses, its own checks, and what runs on it, sick ones first.',
  args: z.object({
    node: consulNode().describe('Its name in Consul'),
    dc: datacenter().optional().describe('Only in this datacenter'),
    page: z.number().int().min(1).default(1).describe('Of a long list'),
  }),
  examples: ['web-7', 'web-7 --dc dc2'],
  allow: ['engineers', 'approvers'],
  answer: async ({ node, dc, page }, crew) => {
    const [found, since] = await Promise.all([crew.consul.node(node, { dc }), crew.consul.since()])
    const lines = describeNode(node, found, { since, now: crew.now })
    return paged(lines, page, typedAgain('consul node', { dc }, node), { file: 'node.txt' })
  },
})
