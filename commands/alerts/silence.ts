import { alertsOf, command, duration, flag, positional, wantedSilence, z } from '#crew'

const pattern = (what: string) =>
  z
    .string()
    .trim()
    .min(1, { error: 'expected a name' })
    .max(200)
    .optional()
    .describe(`Only of this ${what}; \`*\` stands for any text`)

export default command({
  summary: 'Keep still about an alert, or about whatever fits; it is watched all the same, and its end is told.',
  args: z.object({
    alert: positional(z.string().optional()).describe('The id of one alert; else say with flags what fits'),
    rule: pattern('rule'),
    dc: pattern('datacenter'),
    severity: pattern('severity'),
    node: pattern('node'),
    service: pattern('service'),
    check: pattern('check, by id or name'),
    tag: pattern('tag'),
    for: flag(duration()).describe('For how long'),
    why: flag(z.string().trim().min(1, { error: 'expected a reason' }).max(300)).describe('Why; everybody can read it'),
  }),
  examples: [
    'k3f9x2ab --for 1h --why "known, the disk comes on Monday"',
    '--service "web-*" --dc dc1 --for 4h --why "moving to the new rack"',
    '--rule "*" --for 30m --why "the whole network is down for work"',
  ],
  allow: ['engineers', 'approvers'],
  answer: async ({ for: time, why, ...wish }, crew) => {
    const what = wantedSilence(wish, alertsOf(crew.site))
    return { text: await crew.alerts.silence(what, { for: time, why }) }
  },
})
