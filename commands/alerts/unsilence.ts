import { alertsOf, command, z } from '#crew'

export default command({
  summary: 'End a silence now; what still fires is told at once.',
  args: z.object({ id: z.string().describe('Its id, as `alerts silences` shows it') }),
  examples: ['k3f9'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id }, crew) => {
    alertsOf(crew.site)
    return { text: await crew.alerts.unsilence(id) }
  },
})
