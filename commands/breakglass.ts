import { command, duration, flag, glassOf, z } from '#crew'

export default command({
  summary: 'Raise your own rights in an emergency, for a short time; everybody is told, and anybody may end it.',
  args: z.object({
    role: glassOf().describe('What for: a name under `break_glass` in the site file'),
    for: flag(duration()).describe('For how long; the site says how long at most'),
    why: flag(z.string().trim().min(10, { error: 'expected a reason of at least 10 characters' }).max(300)).describe(
      'Why; everybody can read it',
    ),
  }),
  examples: ['oncall --for 30m --why "the shop is down and no approver answers"'],
  // Who may stands under `break_glass.<name>.who`; all others are refused, and that is recorded.
  allow: ['everyone'],
  answer: async (wish, crew) => ({ text: await crew.breakGlass.begin(wish) }),
})
