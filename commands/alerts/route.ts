import { alertsOf, command, routingLines, z } from '#crew'

export default command({
  summary:
    'Which rule a check would get, why not the ones before it, and what silences it now; nothing is told to anybody.',
  args: z.object({
    dc: z.string().default('').describe('Its datacenter'),
    node: z.string().default('').describe('Its node'),
    service: z.string().default('').describe('Its service'),
    tag: z.string().default('').describe('Its tags, with commas'),
    check: z.string().default('').describe('Its id or name'),
    status: z.enum(['warning', 'critical']).default('critical').describe('What Consul says of it'),
  }),
  examples: ['--service web --status critical', '--node db-1 --check serfHealth --dc dc1'],
  allow: ['engineers', 'approvers'],
  answer: async ({ tag, check, ...given }, crew) => {
    const settings = alertsOf(crew.site)
    const tags = tag.split(',').flatMap((each) => each.trim() || [])
    const lines = routingLines(
      settings,
      { ...given, check, name: check, tags },
      { silences: await crew.alerts.silences(), now: crew.now },
    )
    return { text: lines.join('\n') }
  },
})
