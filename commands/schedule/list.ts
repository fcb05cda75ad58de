import { command, describeSchedule } from '#crew'

export default command({
  summary: 'What runs by the clock: the next three times, the owner, and how the last time went.',
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async (_, crew) => {
    const lately = crew.now - 7 * 86_400_000
    const schedules = (await crew.schedules.list()).filter(
      ({ state, past }) => state !== 'over' || (past.at(-1)?.at ?? 0) > lately,
    )
    if (schedules.length === 0) return { text: 'Nothing runs by the clock. `schedule add` begins it.' }
    const lines = schedules.map(async (schedule) => {
      const started = schedule.past.at(-1)?.execution
      const last = started ? await crew.run(started).catch(() => null) : null // records are not kept for ever
      return describeSchedule(schedule, last).join('\n')
    })
    return { text: (await Promise.all(lines)).join('\n') }
  },
})
