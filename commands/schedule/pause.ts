import { command, z } from '#crew'

export default command({
  summary: 'Let a schedule rest until somebody resumes it.',
  args: z.object({ id: z.string().describe('Its id, as `schedule list` shows it') }),
  examples: ['k3f9'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id }, crew) => ({ text: await crew.schedules.change(id, 'pause') }),
})
