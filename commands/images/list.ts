import { command, isBad, liveReleases, rest, spoken, z } from '#crew'

const MOST = 10

export default command({
  summary: 'The images of this site and their newest versions: how old, on which base, where live, marked good or bad.',
  args: z.object({ image: rest().optional().describe('Only this one') }),
  examples: ['', 'app'],
  allow: ['engineers', 'approvers'],
  answer: async ({ image }, crew) => {
    const names = image === undefined ? Object.keys(crew.site.images) : [image]
    if (names.length === 0) return { text: 'The site names no images.' }
    const lists = await Promise.all(names.map(async (name) => ({ name, versions: await crew.images.list(name) })))
    const lines = lists.flatMap(({ name, versions }) => {
      const head = `*${name}*: ${versions.length === 0 ? `no version yet, \`bake ${name}\` makes one` : count(versions.length)}`
      const shown = versions.slice(0, MOST).map((each) => {
        const base = each.base ? ` on \`${each.base.image} ${each.base.version}\`` : ''
        const live = liveReleases(each).map(({ environment, service }) => `${service} in ${environment}`)
        const where = live.length > 0 ? `, live: ${live.join(', ')}` : ''
        const mark = each.mark ? `, marked ${isBad(each) ? '*bad*' : 'good'}` : ''
        return `\`${each.version}\`${base}, ${spoken(crew.now - each.at)} old${where}${mark}`
      })
      const left = versions.length - shown.length
      return [head, ...shown, ...(left > 0 ? [`… +${left} older ones`] : [])]
    })
    return { text: lines.join('\n') }
  },
})

function count(versions: number): string {
  return versions === 1 ? '1 version' : `${versions} versions`
}
