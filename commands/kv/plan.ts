import { command, kv, kvOf, kvTarget, z } from '#crew'

export default command({
  summary: 'Show what settings from source control would change in Consul, per datacenter; changes nothing.',
  args: z.object({ source: kvOf().describe('Which settings') }),
  examples: ['app'],
  environment: ({ source }) => kvTarget(source),
  allow: ['engineers', 'approvers'],
  stages: () => [kv.plan()],
})
