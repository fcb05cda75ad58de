import { command, overviewLine } from '#crew'

export default command({
  summary:
    'Every environment: whether it is up, its age and size, what it has cost, its time left, and who works on it.',
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async (_, crew) => {
    const at = { now: crew.now, currency: crew.site.currency }
    const records = await Promise.all(Object.keys(crew.site.environments).map((name) => crew.environment(name)))
    return { text: records.map((record) => overviewLine(record, at)).join('\n') || 'The site has no environments.' }
  },
})
