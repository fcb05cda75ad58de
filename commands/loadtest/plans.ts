import { command, describeLoadtest } from '#crew'

export default command({
  summary: 'The load tests of this site: what they load, how hard, and what they must keep to.',
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async (_, { site }) => {
    const plans = Object.entries(site.loadtests)
    if (plans.length === 0) return { text: 'This site has no load tests (`loadtests` in the site file).' }
    return { text: plans.map(([name, settings]) => describeLoadtest(name, settings)).join('\n') }
  },
})
