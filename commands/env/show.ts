import { command, environmentOf, overviewLines, timesAhead, z, zonedText } from '#crew'

export default command({
  summary: 'One environment: size, variables, cost, time left, queue, and what runs on it by the clock.',
  args: z.object({ environment: environmentOf().describe('Which one') }),
  examples: ['loadtest'],
  allow: ['engineers', 'approvers'],
  answer: async ({ environment }, crew) => {
    const record = await crew.environment(environment)
    const schedules = (await crew.schedules.list()).filter((each) => each.environment === environment)
    const clock = schedules.flatMap((schedule) =>
      timesAhead(schedule, 1).map(
        (at) => `By the clock: \`${schedule.line}\` (\`${schedule.id}\`) ${zonedText(at, schedule.when.tz)}`,
      ),
    )
    return { text: [...overviewLines(record, { now: crew.now, currency: crew.site.currency }), ...clock].join('\n') }
  },
})
