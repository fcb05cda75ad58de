import { command, image, imageOf, packer, versionOf, z } from '#crew'

export default command({
  summary: 'Bake an image with Packer; what was baked before from the same inputs is offered instead.',
  args: z.object({
    image: imageOf().describe('Which image'),
    version: versionOf().optional().describe('Its version; without it the date and time in UTC'),
    from: versionOf().optional().describe('The version of its base image; without it the newest that is not bad'),
    rebake: z.boolean().default(false).describe('Bake even if the same was baked before'),
  }),
  examples: ['base', 'app --version 1.4.2 --from 20261120.2030', 'app --rebake'],
  image: (args) => args.image,
  allow: ['engineers'],
  unsafe:
    'A bake changes nothing that runs: it makes a new version beside the others, which is deployed by a judged plan.',
  stages: ({ version, from, rebake }) => [
    packer.prepare({ version, from, rebake }),
    packer.build({ plan: 'packer.prepare' }),
    image.publish({ plan: 'packer.prepare', build: 'packer.build' }),
  ],
})
