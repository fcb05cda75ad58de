import { alertsOf, command, describeGroup, paged, z } from '#crew'

export default command({
  summary: 'All of an alert: every check in it, what mutes it, its rule, what comes next, and its history.',
  args: z.object({
    alert: z.string().describe('Its id, as `alerts list` shows it, or the beginning of it'),
    page: z.number().int().min(1).default(1).describe('Of a long answer'),
  }),
  examples: ['k3f9x2ab', 'k3f9x2ab --page 2'],
  allow: ['engineers', 'approvers'],
  answer: async ({ alert, page }, crew) => {
    const settings = alertsOf(crew.site)
    const [group, silences] = await Promise.all([crew.alerts.find(alert), crew.alerts.silences()])
    const lines = describeGroup(group, { settings, silences, now: crew.now })
    return paged(lines, page, `alerts show ${group.id}`)
  },
})
