import type { AnswerContext } from '#crew'
import { artifactText, asCode, command, dayAndClock, imageOf, isBad, nameOfId, spoken, versionOf, z } from '#crew'

export default command({
  summary:
    'One version of an image: what was made, from which base and commit, by whom, where it is and was live, its mark.',
  args: z.object({
    image: imageOf().describe('Which image'),
    version: versionOf().describe('Which version, as `images list` shows it'),
  }),
  examples: ['app 1.4.2'],
  allow: ['engineers', 'approvers'],
  answer: async ({ image, version }, crew) => {
    const found = await crew.images.find(image, version)
    const { base, commit, mark } = found
    const lineage = await lineageOf(crew.images.find, base)
    const lines = [
      `*${image}* \`${version}\`, baked by ${nameOfId(found.by)} at ${dayAndClock(found.at)} (\`${found.execution}\`)`,
      ...found.artifacts.map((artifact) => `📦 \`${artifactText(artifact)}\``),
      ...(lineage.length > 0 ? [`Built on ${lineage.join(', which is on ')}`] : []),
      `Commit ${commit ? `\`${commit}\`` : 'unknown'}, bake key \`${found.key.slice(0, 12)}\``,
      mark
        ? `Marked *${mark.as}* by ${nameOfId(mark.by)} at ${dayAndClock(mark.at)}${mark.why ? `: ${asCode(mark.why)}` : ''}`
        : 'Not marked good or bad',
    ]
    for (const { environment, service, since, until, healthy, by, execution } of found.releases) {
      const when = until === null ? `live since ${dayAndClock(since)}` : `was live for ${spoken(until - since)}`
      const seen = healthy ? '' : ', never seen healthy'
      lines.push(`\`${service}\` in ${environment}: ${when}${seen}, by ${nameOfId(by)} (\`${execution}\`)`)
    }
    if (found.releases.length === 0) lines.push('Never deployed')
    return { text: lines.join('\n') }
  },
})

type Base = { image: string; version: string } | null
type Find = AnswerContext['images']['find']

/** The images it is built on, the nearest first. */
async function lineageOf(find: Find, base: Base): Promise<string[]> {
  if (!base) return []
  const name = `\`${base.image} ${base.version}\``
  const below = await find(base.image, base.version).catch(() => null)
  if (!below) return [`${name} (no longer there)`]
  return [isBad(below) ? `${name} (marked *bad*)` : name, ...(await lineageOf(find, below.base))]
}
