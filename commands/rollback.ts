import { blueGreen, command, environmentOf, environmentOfService, serviceOf, versionOf, z } from '#crew'

export default command({
  summary:
    'Go back to a version of a service that was live and healthy there before: the same artifact, by the same gates.',
  args: z.object({
    service: serviceOf().describe('Which service'),
    to: versionOf().optional().describe('Which version; without it the one that was live before and is not marked bad'),
    env: environmentOf().optional().describe('Where, for a service that runs in several environments'),
  }),
  examples: ['web', 'web --to 1.4.2', 'web --env shop'],
  environment: ({ service, env }, site) => environmentOfService(site, service, env, '`--env`'),
  allow: ['engineers'],
  stages: ({ service, to }, context) => blueGreen({ service, version: to, rollback: true }, context),
})
