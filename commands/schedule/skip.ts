import { command, z } from '#crew'

export default command({
  summary: 'Pass over the next time of a schedule, and only that.',
  args: z.object({ id: z.string().describe('Its id, as `schedule list` shows it') }),
  examples: ['k3f9'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id }, crew) => ({ text: await crew.schedules.change(id, 'skip') }),
})
