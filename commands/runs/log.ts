import { asCode, command, outputOf, positional, spoken, UserError, z } from '#crew'

/** States of a stage that was never begun. */
const NEVER = ['pending', 'ready', 'waiting', 'skipped']

export default command({
  summary: "The end of a stage's log; all of it is a file in the thread of the execution's message.",
  args: z.object({
    id: z.string().describe('The id of the execution, as `runs list` shows it'),
    stage: positional(z.string().optional()).describe('Which stage; else the last one that ran and left a log'),
    lines: z.number().int().min(1).max(60).default(20).describe('How many lines'),
  }),
  examples: ['k3f9x2ab', 'k3f9x2ab terraform.plan --lines 40'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id, stage: wanted, lines }, crew) => {
    const run = await crew.run(id)
    const fileOf = (stage: string) => {
      const files = outputOf(run, stage)?.files
      return Array.isArray(files) ? files.map(String).find((name) => name.endsWith('.txt')) : undefined
    }
    const begun = run.stages.filter(({ startedAt, state }) => startedAt !== null && !NEVER.includes(state))
    const last = begun.findLast((each) => fileOf(each.id)) ?? begun.at(-1)
    const stage = wanted === undefined ? last : run.stages.find((each) => each.id === wanted)
    if (!stage && wanted === undefined) return { text: `No stage of \`${run.id}\` has run yet.` }
    if (!stage)
      throw new UserError(
        `\`${run.id}\` has no stage \`${wanted}\`; it has ${run.stages.map((each) => `\`${each.id}\``).join(', ')}.`,
      )
    const name = `\`${stage.id}\` of \`${run.id}\``
    const file = fileOf(stage.id)
    if (!file && !begun.includes(stage)) return { text: `${name} has not run, so there is no log.` }
    if (!file && stage.state === 'running') return { text: `${name} still runs; its log is there when it has ended.` }
    if (!file) return { text: `${name} has left no log.` }
    const log = await crew.file(run.id, file)
    if (log === null) {
      const age = spoken(crew.now - (stage.endedAt ?? run.createdAt))
      return { text: `The log of ${name} is gone: logs are kept for a week, and it ended ${age} ago.` }
    }
    const all = log.split('\n').filter((line) => line.trim())
    const head = `The last ${Math.min(lines, all.length)} of ${all.length} lines of ${name}:`
    return { text: [head, ...all.slice(-lines).map(asCode)].join('\n') }
  },
})
