import { asCode, command, stageFile, z } from '#crew'

/** Lines of Terraform's plan that say what changes: the address, and each attribute with a sign before it. */
const CHANGES = /^\s*(# |[-+~]|-\/\+|\+\/-|<=|Plan:)/

export default command({
  summary: 'What the plan of an execution changes, attribute by attribute; sensitive values are masked.',
  args: z.object({
    id: z.string().describe('The id of the execution, as `runs list` shows it'),
    stage: z.string().default('terraform.plan').describe('Which plan, where it has several'),
    lines: z.number().int().min(1).max(60).default(40).describe('How many lines'),
  }),
  examples: ['k3f9x2ab', 'k3f9x2ab --lines 60'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id, stage, lines }, crew) => {
    const run = await crew.run(id)
    const name = stageFile({ id: stage, kind: 'terraform.plan' }, 'plan.txt')
    const plan = await crew.file(run.id, name)
    const others = run.stages.filter(({ kind }) => kind === 'terraform.plan').map((each) => `\`${each.id}\``)
    if (plan === null)
      return {
        text: `\`${run.id}\` has no plan \`${stage}\` (they are kept for a week; its plans: ${others.join(', ') || 'none'}).`,
      }
    const changes = plan.split('\n').filter((line) => CHANGES.test(line))
    const left = changes.length - lines
    const more = left > 0 ? [`… +${left} more lines in ${name} in the thread of its message`] : []
    return {
      text: [`The plan of \`${run.id}\` (\`${run.line}\`):`, ...changes.slice(0, lines).map(asCode), ...more].join(
        '\n',
      ),
    }
  },
})
