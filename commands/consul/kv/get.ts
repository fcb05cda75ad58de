import { command, consulKey, datacenter, describeKey, z } from '#crew'

export default command({
  summary:
    'The value of a key, in each datacenter that has it. What the site masks is not shown; large values come as a file, to you alone.',
  args: z.object({
    key: consulKey().describe('The whole key: config/app/limit'),
    dc: datacenter().optional().describe('Only in this datacenter'),
  }),
  examples: ['config/app/limit', 'config/app/limit --dc dc2'],
  allow: ['engineers', 'approvers'],
  answer: async ({ key, dc }, crew) => describeKey(key, await crew.consul.kv.get(key, { dc })),
})
