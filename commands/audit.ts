import { command, duration, environmentOf, user, z } from '#crew'

export default command({
  summary: 'What was asked, decided and done, newest first.',
  args: z.object({
    who: user().optional().describe('Only of this person'),
    env: environmentOf().optional().describe('Only about this environment'),
    since: duration().default('24h').describe('Only from the last so much time'),
    limit: z.number().int().min(1).max(100).default(20).describe('How many lines at most'),
  }),
  examples: ['', '--who U01ALICE --since 2d', '--env loadtest --limit 50'],
  allow: ['approvers'],
  answer: async ({ who, env, since, limit }, crew) => {
    const lines = await crew.audit({ since, limit, ...(who ? { who } : {}), ...(env ? { environment: env } : {}) })
    return { text: lines.join('\n') || `Nothing that fits was recorded in the last ${since}.` }
  },
})
