import { command, duration, loadTest, loadtestOf, z } from '#crew'

export default command({
  summary: 'Run a load test; its generators are workers with the label generator, and each makes its share.',
  args: z.object({
    plan: loadtestOf().describe('Which load test; `loadtest plans` lists them'),
    generators: z.number().int().min(1).optional().describe('How many generators share the load'),
    for: duration().optional().describe('How long it runs'),
    scale: z.boolean().default(false).describe('Bring the generators up first, and down again after'),
  }),
  examples: ['smoke', 'smoke --generators 1 --for 10s', 'smoke --generators 2 --scale'],
  environment: ({ plan }, site) => site.loadtests[plan]?.environment ?? '',
  allow: ['engineers', 'pipelines'],
  unsafe:
    'Load changes nothing that stays, and a site allows only targets of its own; with --scale people approve the change.',
  stages: ({ plan, scale, ...wish }, { site }) => loadTest({ plan, scale, ...wish }, site),
})
