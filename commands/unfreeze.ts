import { command, freezableOf, z } from '#crew'

export default command({
  summary: 'End a freeze before its time; what waited for that goes on.',
  args: z.object({ environment: freezableOf().describe('Which one (settings as `kv:app`), or `all`') }),
  examples: ['loadtest'],
  environment: ({ environment }) => environment,
  allow: ['engineers', 'approvers'],
  answer: async ({ environment }, crew) => ({ text: await crew.unfreeze(environment) }),
})
