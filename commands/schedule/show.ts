import { command, describeSchedule, firingText, z, zonedText } from '#crew'

export default command({
  summary: 'One schedule, with what became of its last times.',
  args: z.object({ id: z.string().describe('Its id, as `schedule list` shows it') }),
  examples: ['k3f9'],
  allow: ['engineers', 'approvers'],
  answer: async ({ id }, crew) => {
    const schedule = await crew.schedules.find(id)
    const started = schedule.past.at(-1)?.execution
    const last = started ? await crew.run(started).catch(() => null) : null // records are not kept for ever
    const past = schedule.past.map((firing) => `   ${zonedText(firing.due, schedule.when.tz)} ${firingText(firing)}`)
    return {
      text: [...describeSchedule(schedule, last), ...(past.length > 0 ? ['Its last times:', ...past] : [])].join('\n'),
    }
  },
})
