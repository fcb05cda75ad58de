import { clock, command, dayAndClock, describeRun, nameOf, wordOf, z } from '#crew'

export default command({
  summary: 'One execution: who asked, every stage, every judgment, and how it ended.',
  args: z.object({ id: z.string().describe('The id of the execution, as `runs list` shows it') }),
  examples: ['k3f9x2ab'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id }, crew) => {
    const run = await crew.run(id)
    const head = `\`${run.id}\` *${wordOf(run)}* \`${run.line}\``
    const asked = `Asked by ${nameOf(run.actor)} at ${dayAndClock(run.createdAt)}${run.endedAt ? `, over at ${clock(run.endedAt)}` : ''}`
    return { text: [head, asked, ...describeRun(run)].join('\n') }
  },
})
