import { asCode, command, imageOf, liveReleases, versionOf, z } from '#crew'

export default command({
  summary: 'Mark a version of an image good or bad: a bad one is neither deployed nor built on.',
  args: z.object({
    image: imageOf().describe('Which image'),
    version: versionOf().describe('Which version, as `images list` shows it'),
    as: z.enum(['good', 'bad']).describe('How'),
    why: z.string().max(300).optional().describe('Why; everybody can read it'),
  }),
  examples: ['app 1.4.2 bad --why "loses sessions"', 'app 1.4.3 good'],
  image: ({ image }) => image,
  allow: ['approvers'],
  answer: async ({ image, version, as, why }, crew) => {
    const marked = await crew.images.mark(image, version, as, why ?? null)
    const said = `\`${image} ${version}\` is marked *${as}*${why ? `: ${asCode(why)}` : ''}.`
    if (as === 'good') return { text: said }
    const live = liveReleases(marked).map(({ environment, service }) => `${service} in ${environment}`)
    const still =
      live.length > 0 ? ` It is live (${live.join(', ')}) and stays so until another version is deployed there.` : ''
    return { text: `${said} Nobody can deploy it or build on it now.${still}` }
  },
})
