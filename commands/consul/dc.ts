import { command, describeDatacenters } from '#crew'

export default command({
  summary: 'The datacenters: whether each can be reached, its leader, its servers and how many nodes it has.',
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async (_args, crew) => ({ text: describeDatacenters(await crew.consul.datacenters()).join('\n') }),
})
