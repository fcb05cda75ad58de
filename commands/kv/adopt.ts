import { command, kv, kvOf, kvTarget, z } from '#crew'

export default command({
  summary: 'Give what was changed by hand in Consul as a diff of the source, for somebody to commit; changes nothing.',
  args: z.object({ source: kvOf().describe('Which settings') }),
  examples: ['app'],
  environment: ({ source }) => kvTarget(source),
  allow: ['engineers', 'approvers'],
  stages: () => [kv.adopt()],
})
