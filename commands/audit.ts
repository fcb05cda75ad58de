import { command, duration, environmentOf, user, z } from '#crew'

export default command({
  summary: 'What was asked, decided and done, newest first.',
  args: z.object({
    who: user().optional().describe('Only of this person'),
    env: environmentOf().optional().describe('Only about this environment'),
    run: z.string().optional().describe('Only about the execution with this id'),
    since: duration().default('24h').describe('Only from the last so much time'),
    limit: z.number().int().min(1).max(100).default(20).describe('How many lines at most'),
  }),
  examples: ['', '--who U01ALICE --since 2d', '--run k3f9x2ab --since 90d', '--env loadtest --limit 50'],
  allow: ['approvers'],
  answer: async ({ who, env, run, since, limit }, crew) => {
    const about = { ...(who ? { who } : {}), ...(env ? { environment: env } : {}), ...(run ? { execution: run } : {}) }
    const lines = await crew.audit({ since, limit, ...about })
    return { text: lines.join('\n') || `Nothing that fits was recorded in the last ${since}.` }
  },
})
