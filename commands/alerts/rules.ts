import { alertsOf, command, paged, ruleLines, z } from '#crew'

export default command({
  summary: 'The rules in their order, as the bot understands them: channel, severity, whom they call, and when.',
  args: z.object({ page: z.number().int().min(1).default(1).describe('Of a long list') }),
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async ({ page }, crew) => paged(ruleLines(alertsOf(crew.site)), page, 'alerts rules'),
})
