import { command, flag, z } from '#crew'

export default command({
  summary: 'Let an execution change things outside the window of its environment, or while that is frozen. Recorded.',
  args: z.object({
    id: z.string().describe('The id of the execution, as `runs list` shows it'),
    why: flag(z.string().min(1).max(300)).describe('Why; everybody can read it'),
  }),
  examples: ['k3f9x2ab --why "the site is down"'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id, why }, crew) => ({ text: await crew.override(id, why) }),
})
