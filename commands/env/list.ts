import { command, frozenSettings, overviewLine } from '#crew'

export default command({
  summary:
    'Every environment: whether it is up, its age and size, what it has cost, its time left, and who works on it; and settings that are frozen.',
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async (_, crew) => {
    const at = { now: crew.now, currency: crew.site.currency }
    const records = await Promise.all(Object.keys(crew.site.environments).map((name) => crew.environment(name)))
    const settings = (await crew.locks()).map(({ environment }) => environment)
    const lines = [...records.map((record) => overviewLine(record, at)), ...frozenSettings(settings, at)]
    return { text: lines.join('\n') || 'The site has no environments.' }
  },
})
