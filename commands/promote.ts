import { command, gitRef, promotion, promotionOf, versionOf, z } from '#crew'

export default command({
  summary: 'Take a change through scratch and sandbox to production, which is asked for.',
  args: z.object({
    change: promotionOf().describe('Which promotion of the site'),
    ref: gitRef().optional().describe("A branch, tag or full commit of the stack's repository"),
    version: versionOf().optional().describe('The version to promote, where the site gives the variable for it'),
  }),
  examples: ['page --version 1.1', 'page'],
  environment: ({ change }, site) => promotion({ change }, site).steps[0]?.environment ?? '',
  allow: ['engineers', 'pipelines'],
  unsafe: 'Scratch and sandbox go without a judgment only where the site says so; production never does.',
  stages: (args, { site }) => promotion(args, site).steps[0]?.stages ?? [],
  promotion: (args, site) => promotion(args, site),
})
