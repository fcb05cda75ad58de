import { asCode, command, z } from '#crew'

/** Lines of Terraform's plan that say what changes: the address, and each attribute with a sign before it. */
const CHANGES = /^\s*(# |[-+~]|-\/\+|\+\/-|<=|Plan:)/

export default command({
  summary: 'What the plan of an execution changes, attribute by attribute; sensitive values are masked.',
  args: z.object({
    id: z.string().describe('The id of the execution, as `runs list` shows it'),
    lines: z.number().int().min(1).max(60).default(40).describe('How many lines'),
  }),
  examples: ['k3f9x2ab', 'k3f9x2ab --lines 60'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id, lines }, crew) => {
    const run = await crew.run(id)
    const plan = await crew.file(run.id, 'plan.txt')
    if (plan === null) return { text: `\`${run.id}\` has no plan (they are kept for a week).` }
    const changes = plan.split('\n').filter((line) => CHANGES.test(line))
    const left = changes.length - lines
    const more = left > 0 ? [`… +${left} more lines in plan.txt in the thread of its message`] : []
    return {
      text: [`The plan of \`${run.id}\` (\`${run.line}\`):`, ...changes.slice(0, lines).map(asCode), ...more].join(
        '\n',
      ),
    }
  },
})
