import { command, rest, user, z } from '#crew'

export default command({
  summary: 'Whether somebody may run a command line: yes or no, by which rule, and which roles may.',
  args: z.object({
    user: user().describe('Whom: @somebody, a user id, or shell:<unix user>'),
    line: rest().describe('The command line to try'),
  }),
  examples: ['U01ALICE loadtest up large'],
  allow: ['everyone'],
  answer: async ({ user, line }, crew) => ({ text: await crew.can(user, line) }),
})
