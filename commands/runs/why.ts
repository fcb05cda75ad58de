import { command, z } from '#crew'

export default command({
  summary:
    'Why an execution is as it is: who asked and approved, by which rule, what was run with which arguments, exits and times.',
  args: z.object({ id: z.string().describe('The id of the execution, as `runs list` shows it') }),
  examples: ['k3f9x2ab'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id }, crew) => {
    const run = await crew.run(id)
    const lines = await crew.history(run.id)
    return { text: lines.length > 0 ? lines.join('\n') : `Nothing about \`${run.id}\` is recorded any more.` }
  },
})
