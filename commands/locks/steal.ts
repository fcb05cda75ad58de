import { command, targetOf, z } from '#crew'

export default command({
  summary:
    'Take the lock of an environment from an execution that is over or stands at unknown; the next in the queue gets it.',
  args: z.object({
    environment: targetOf().describe('Whose lock'),
    why: z.string().max(300).default('').describe('Why; everybody can read it'),
  }),
  examples: ['loadtest --why "its machine is gone for good"'],
  environment: ({ environment }) => environment,
  allow: ['engineers', 'approvers'],
  answer: async ({ environment, why }, crew) => ({ text: await crew.steal(environment, why) }),
})
