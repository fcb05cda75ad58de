import { command, datacenter, describeHosts, describeInventory, paged, positional, typedAgain, z } from '#crew'

export default command({
  summary:
    'Hosts and groups as Ansible gets them from Consul; of one group the hosts, with address, jump hosts and health.',
  args: z.object({
    group: positional(z.string().optional()).describe('One group; all for every host'),
    passing: z.boolean().default(false).describe('Only nodes that pass, and instances that do'),
    dc: datacenter().optional().describe('Only in this datacenter'),
    page: z.number().int().min(1).default(1).describe('Of a long list'),
  }),
  examples: ['', 'service_web', 'tag_blue --dc dc2 --passing'],
  allow: ['engineers', 'approvers'],
  answer: async ({ group, passing, dc, page }, crew) => {
    const found = { ...(await crew.inventory.read({ dc, passing })), passing }
    const lines = group === undefined ? describeInventory(found) : describeHosts(group, found)
    return paged(lines, page, typedAgain('consul inventory', { dc, passing }, group ?? ''), { file: 'inventory.txt' })
  },
})
