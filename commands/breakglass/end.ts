import { command, z } from '#crew'

export default command({
  summary: 'End a break glass at once, whoever holds it; anybody may.',
  args: z.object({ id: z.string().describe('Its id, as `breakglass list` shows it') }),
  examples: ['k3f9x2ab'],
  allow: ['everyone'],
  answer: async ({ id }, crew) => ({ text: await crew.breakGlass.end(id) }),
})
