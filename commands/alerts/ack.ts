import { alertsOf, command, duration, z } from '#crew'

export default command({
  summary:
    'Take an alert in hand: reminders and escalations stop, and come back when the time is over and it still fires.',
  args: z.object({
    alert: z.string().describe('Its id, as `alerts list` shows it, or the beginning of it'),
    for: duration().optional().describe('For how long; else as the site says'),
    why: z.string().trim().max(300).optional().describe('What you do about it; everybody can read it'),
  }),
  examples: ['k3f9x2ab', 'k3f9x2ab --for 4h --why "the disk is being changed"'],
  allow: ['engineers', 'approvers'],
  answer: async ({ alert, for: time, why }, crew) => {
    alertsOf(crew.site)
    return { text: await crew.alerts.acknowledge(alert, { for: time, ...(why ? { why } : {}) }) }
  },
})
