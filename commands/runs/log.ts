import { asCode, command, UserError, z } from '#crew'

/** The log that each kind of stage leaves. */
const LOGS: Record<string, string> = { 'terraform.plan': 'plan-log.txt', 'terraform.apply': 'apply-log.txt' }

export default command({
  summary: "The end of a stage's log; all of it is a file in the thread of the execution's message.",
  args: z.object({
    id: z.string().describe('The id of the execution, as `runs list` shows it'),
    stage: z.string().default('terraform.apply').describe('Which stage'),
    lines: z.number().int().min(1).max(60).default(20).describe('How many lines'),
  }),
  examples: ['k3f9x2ab', 'k3f9x2ab --stage terraform.plan --lines 40'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id, stage, lines }, crew) => {
    const run = await crew.run(id)
    const kind = run.stages.find((each) => each.id === stage)?.kind
    if (!kind)
      throw new UserError(
        `\`${run.id}\` has no stage \`${stage}\`; it has ${run.stages.map((each) => `\`${each.id}\``).join(', ')}.`,
      )
    const log = await crew.file(run.id, LOGS[kind] ?? '')
    if (log === null) return { text: `\`${stage}\` of \`${run.id}\` has left no log (they are kept for a week).` }
    const all = log.split('\n').filter((line) => line.trim())
    const head = `The last ${Math.min(lines, all.length)} of ${all.length} lines of \`${stage}\` of \`${run.id}\`:`
    return { text: [head, ...all.slice(-lines).map(asCode)].join('\n') }
  },
})
