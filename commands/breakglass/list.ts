import { command, describeGlass, z } from '#crew'

export default command({
  summary: 'Whose rights are raised now, and the latest that were: who, which, why, until when.',
  args: z.object({
    limit: z.number().int().min(1).max(100).default(10).describe('How many at most'),
  }),
  examples: ['', '--limit 3'],
  allow: ['everyone'],
  answer: async ({ limit }, crew) => {
    const { now, glasses } = await crew.breakGlass.list(limit)
    const off = Object.keys(crew.site.break_glass).length === 0
    if (glasses.length === 0)
      return { text: off ? 'Break glass is off: the site file has no `break_glass`.' : 'Nobody has raised his rights.' }
    return { text: glasses.map((glass) => describeGlass(glass, now)).join('\n') }
  },
})
