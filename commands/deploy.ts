import { blueGreen, command, environmentOf, environmentOfService, serviceOf, versionOf, z } from '#crew'

export default command({
  summary: 'Release a version of a service: beside the old one first, and in its place once it is healthy.',
  args: z.object({
    service: serviceOf().describe('Which service'),
    version: versionOf().describe('Which version of its image, as `images list` shows it'),
    canary: z.boolean().default(false).describe('Ask first how much of it takes traffic: 10 %, all or stop'),
    to: environmentOf().optional().describe('Where; it may be left out where the service runs in one environment only'),
  }),
  examples: ['web 1.4.2 --to shop', 'web 1.4.3 --canary'],
  environment: ({ service, to }, site) => environmentOfService(site, service, to, '`--to`'),
  allow: ['engineers'],
  stages: ({ service, version, canary }, context) => blueGreen({ service, version, canary }, context),
})
