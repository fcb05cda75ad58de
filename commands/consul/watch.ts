import { command, consulService, datacenter, duration, startedText, z } from '#crew'

export default command({
  summary:
    'Follows a service for a while: one message that says how it stands, and a reply in its thread for each change.',
  args: z.object({
    service: consulService().describe('Its name in Consul'),
    for: duration().default('30m').describe('For how long'),
    dc: datacenter().optional().describe('Only in this datacenter'),
  }),
  examples: ['web', 'web --for 2h --dc dc2'],
  allow: ['engineers', 'approvers'],
  answer: async ({ service, for: time, dc }, crew) => ({
    text: startedText(await crew.consul.watch.start(service, { for: time, dc }), crew.now),
  }),
})
