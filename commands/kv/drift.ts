import { command, kv, kvOf, kvTarget, z } from '#crew'

export default command({
  summary: 'Look whether Consul still has what the source of settings says; changes nothing.',
  args: z.object({
    source: kvOf().describe('Which settings'),
    quiet: z.boolean().default(false).describe('Say nothing where nothing was changed by hand: for schedules'),
  }),
  examples: ['app', 'app --quiet'],
  environment: ({ source }) => kvTarget(source),
  allow: ['engineers', 'approvers'],
  quiet: ({ quiet }) => quiet,
  stages: () => [kv.drift()],
})
