import { command, datacenter, describeKeys, paged, positional, typedAgain, z } from '#crew'

export default command({
  summary: 'The keys and folders below a prefix, one level of them; no values.',
  args: z.object({
    dc: datacenter().optional().describe('Only in this datacenter'),
    page: z.number().int().min(1).default(1).describe('Of a long list'),
    prefix: positional(z.string().default('')).describe('Below which: config/app/'),
  }),
  examples: ['', 'config/app/', 'config/ --dc dc2'],
  allow: ['engineers', 'approvers'],
  answer: async ({ prefix, dc, page }, crew) => {
    const { keys, isMasked } = crew.consul.kv
    const lines = describeKeys(prefix, await keys(prefix, { dc }), isMasked)
    return paged(lines, page, typedAgain('consul kv ls', { dc }, prefix), { file: 'keys.txt' })
  },
})
