import { asCode, command, duration, timesAhead, whenText, z, zonedText } from '#crew'

export default command({
  summary: 'Run a command by the clock, with your rights as they are then; judgments and locks stay as they are.',
  args: z.object({
    line: z.string().describe('The command line, in quotes'),
    cron: z.string().optional().describe('Minute hour day month weekday: `0 9 * * 1-5`'),
    at: z.string().optional().describe('Once: `2026-11-21 09:00`'),
    tz: z.string().optional().describe('Time zone, such as `Asia/Tokyo`'),
    overlap: z.enum(['skip', 'queue', 'replace']).optional().describe('While its last run goes on'),
    missed: z.enum(['skip', 'run']).optional().describe('When no bot was there at the time'),
    late: duration().optional().describe('A missed time runs only if it is late by less than this'),
  }),
  examples: [
    '"loadtest up small" --cron "0 9 * * 1-5" --tz Asia/Tokyo',
    '"loadtest down" --at "2036-11-21 19:00" --missed run --late 15m',
  ],
  allow: ['engineers'],
  answer: async (wish, crew) => {
    const schedule = await crew.schedules.add(wish)
    const { id, line, when } = schedule
    const next = timesAhead(schedule, 3).map((at) => zonedText(at, when.tz))
    return { text: `\`${id}\` runs ${asCode(line)} ${whenText(when)}, with your rights.\nNext: ${next.join(', ')}` }
  },
})
