import { command, z } from '#crew'

export default command({
  summary: 'Ends the following of a service, as the button Stop does.',
  args: z.object({ watch: z.string().trim().min(1).describe('Its id, as `consul watches` shows it, or the service') }),
  examples: ['k3f9x2ab', 'web'],
  allow: ['engineers', 'approvers'],
  answer: async ({ watch }, crew) => ({ text: await crew.consul.watch.stop(watch) }),
})
