import { command, flag, freezableOf, z } from '#crew'

export default command({
  summary:
    'Nothing new is changed in an environment, in settings, or in all, until then; what was started goes on to its end.',
  args: z.object({
    environment: freezableOf().describe('Which one (settings as `kv:app`), or `all`'),
    until: flag(z.string()).describe(
      'For so long (`4h`), until a time of day (`18:00`), or a day and a time (`"2036-11-24 09:00"`)',
    ),
    why: flag(z.string().min(1).max(300)).describe('Why; everybody can read it'),
    tz: z.string().optional().describe('Time zone of `--until`, such as `Asia/Tokyo`'),
  }),
  examples: ['loadtest --until 4h --why "quarter end"', 'all --until "2036-11-24 09:00" --tz Asia/Tokyo --why "audit"'],
  environment: ({ environment }) => environment,
  allow: ['engineers', 'approvers'],
  answer: async (wish, crew) => ({ text: await crew.freeze(wish) }),
})
