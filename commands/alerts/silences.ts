import { alertsOf, command, holding, paged, silenceLine, z } from '#crew'

export default command({
  summary: 'Every silence that holds: what it covers, until when, of whom and why.',
  args: z.object({ page: z.number().int().min(1).default(1).describe('Of a long list') }),
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async ({ page }, crew) => {
    alertsOf(crew.site)
    const silences = holding(await crew.alerts.silences(), crew.now)
    if (silences.length === 0) return { text: 'Nothing is silenced.' }
    const lines = silences.map((silence) => silenceLine(silence, crew.now))
    return paged(lines, page, 'alerts silences')
  },
})
