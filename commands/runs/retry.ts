import { command, z } from '#crew'

export default command({
  summary: 'Run a failed or canceled execution again from where it failed; without --go only say what would run.',
  args: z.object({
    id: z.string().describe('The id of the execution, as `runs list` shows it'),
    go: z.boolean().default(false).describe('Really run it'),
  }),
  examples: ['k3f9x2ab', 'k3f9x2ab --go'],
  allow: ['engineers'],
  answer: async ({ id, go }, crew) => ({ text: await crew.retry(id, go) }),
})
