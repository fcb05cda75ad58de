import { command, z } from '#crew'

export default command({
  summary: 'Cancel an execution; of one that stands at unknown: leave it as it is and give its lock back.',
  args: z.object({ id: z.string().describe('The id of the execution, as `runs list` shows it') }),
  examples: ['k3f9x2ab'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id }, crew) => ({ text: await crew.cancel(id) }),
})
