import { command, nameOf, spoken, wordOf, z } from '#crew'

export default command({
  summary: 'The latest executions, or only those that are not over.',
  args: z.object({
    open: z.boolean().default(false).describe('Only those that are not over'),
    limit: z.number().int().min(1).max(50).default(10).describe('How many'),
  }),
  examples: ['', '--open', '--limit 30'],
  allow: ['engineers', 'approvers'],
  answer: async ({ open, limit }, crew) => {
    const runs = await crew.runs({ limit, open })
    if (runs.length === 0) return { text: open ? 'Nothing is open.' : 'Nothing was run yet.' }
    const lines = runs.map((run) => {
      const age = spoken(crew.now - run.createdAt)
      return `\`${run.id}\` *${wordOf(run)}* \`${run.line}\` by ${nameOf(run.actor)}, ${age} ago`
    })
    return { text: lines.join('\n') }
  },
})
