import { alertsOf, calmText, command, groupLine, paged, watchedLines, worstFirst, z } from '#crew'

const CALM = ['resolved', 'moved', 'closed', 'pending']

export default command({
  summary: 'What fires, the worst first, who has it in hand, and whether everything is watched.',
  args: z.object({
    all: z.boolean().default(false).describe('Also the latest that are over'),
    page: z.number().int().min(1).default(1).describe('Of a long list'),
  }),
  examples: ['', '--all'],
  allow: ['engineers', 'approvers'],
  answer: async ({ all, page }, crew) => {
    alertsOf(crew.site)
    const [groups, watched] = await Promise.all([crew.alerts.list({ all }), crew.alerts.watched()])
    const calm = groups.every(({ state }) => CALM.includes(state))
    const lines = [
      ...(calm ? [calmText(watched, crew.now)] : []),
      ...worstFirst(groups).map((group) => groupLine(group, crew.now)),
      ...watchedLines(watched, crew.now),
    ]
    return paged(lines, page, all ? 'alerts list --all' : 'alerts list')
  },
})
