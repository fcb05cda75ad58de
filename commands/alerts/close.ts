import { alertsOf, command, flag, z } from '#crew'

export default command({
  summary: 'Give up what vanished from Consul and does not come back; nobody knows how it ended.',
  args: z.object({
    alert: z.string().describe('Its id, as `alerts list` shows it, or the beginning of it'),
    why: flag(z.string().trim().min(1, { error: 'expected a reason' }).max(300)).describe('Why; everybody can read it'),
  }),
  examples: ['k3f9x2ab --why "the machine was taken away for good"'],
  allow: ['engineers', 'approvers'],
  answer: async ({ alert, why }, crew) => {
    alertsOf(crew.site)
    return { text: await crew.alerts.close(alert, why) }
  },
})
