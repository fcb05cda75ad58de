import { alertsOf, command, duration, ruleOf, testable, z } from '#crew'

export default command({
  summary:
    'Let a rule fire for a while as it would for a check, message, mentions, reminders and escalations included.',
  args: z.object({
    rule: ruleOf().describe('Which rule; `alerts rules` lists them'),
    status: z.enum(['warning', 'critical']).optional().describe('Of the check; else the worst that the rule is for'),
    for: duration().default('5m').describe('For how long'),
  }),
  examples: ['denied', 'denied --status warning --for 2m'],
  allow: ['engineers', 'approvers'],
  answer: async ({ rule, status, for: time }, crew) => ({
    text: await crew.alerts.test(rule, { status: testable(alertsOf(crew.site), rule, status), for: time }),
  }),
})
