import type { AnswerContext } from '#crew'
import { artifactText, command, dayAndClock, environmentOfService, nameOfId, serviceOf, UserError, z } from '#crew'

export default command({
  summary: 'What differs between two environments, or between two versions: version, base, commit, artifacts.',
  args: z.object({
    a: z.string().describe('An environment or a version'),
    b: z.string().describe('Another one'),
    service: serviceOf().optional().describe('Only this service; for versions, whose image is meant'),
  }),
  examples: ['shop loadtest', '1.4.2 1.4.3 --service web'],
  allow: ['engineers', 'approvers'],
  answer: async ({ a, b, service }, crew) => {
    const known = (name: string) => Object.hasOwn(crew.site.environments, name)
    if (known(a) !== known(b))
      throw new UserError(
        `Give two environments or two versions: \`${known(a) ? b : a}\` is no environment of this site.`,
      )
    if (a === b) throw new UserError(`\`${a}\` was given twice: name two different ones to compare.`)
    const lines = known(a)
      ? await betweenEnvironments(crew, [a, b], service)
      : await betweenVersions(crew, [a, b], service)
    return { text: lines.join('\n') }
  },
})

type Pair = readonly [string, string]
type Entry = Awaited<ReturnType<AnswerContext['images']['find']>>

async function betweenEnvironments(crew: AnswerContext, [a, b]: Pair, service?: string): Promise<string[]> {
  if (service !== undefined) for (const name of [a, b]) environmentOfService(crew.site, service, name, '`--service`')
  const deployed = await crew.deploys.list(service)
  const names = [...new Set(deployed.map((each) => each.service))]
  const both = names.flatMap((name) => {
    const [left, right] = [a, b].map((where) =>
      deployed.find((each) => each.service === name && each.environment === where),
    )
    return left && right ? [{ name, left, right }] : []
  })
  if (both.length === 0) throw new UserError(`No service runs in both \`${a}\` and \`${b}\`.`)
  return both.flatMap(({ name, left, right }) => {
    const [one, other] = [left.serves ?? 'nothing', right.serves ?? 'nothing']
    if (one === other) return [`*${name}*: \`${one}\` in both`]
    const head = `*${name}*: \`${one}\` in ${a}, \`${other}\` in ${b}`
    return left.entry && right.entry ? [head, ...differences(left.entry, right.entry)] : [head]
  })
}

async function betweenVersions(crew: AnswerContext, [a, b]: Pair, service?: string): Promise<string[]> {
  const { services } = crew.site
  const images = service === undefined ? Object.keys(crew.site.images) : [services[service]?.image ?? '']
  const lists = await Promise.all(images.map(async (image) => ({ image, versions: await crew.images.list(image) })))
  const found = lists.flatMap(({ image, versions }) => {
    const [left, right] = [a, b].map((version) => versions.find((each) => each.version === version))
    return left && right ? [{ image, left, right }] : []
  })
  if (found.length === 0)
    throw new UserError(`No image has both \`${a}\` and \`${b}\`; \`images list\` shows the versions there are.`)
  return found.flatMap(({ image, left, right }) => {
    const told = differences(left, right)
    return [`*${image}*: \`${a}\` and \`${b}\``, ...(told.length > 0 ? told : ['   no difference but the version'])]
  })
}

/** A line for each thing that is not the same, the first one's value before the other's. */
function differences(one: Entry, other: Entry): string[] {
  const base = ({ base }: Entry) => (base ? `${base.image} ${base.version}` : 'no base')
  const made = ({ by, at }: Entry) => `${nameOfId(by)} at ${dayAndClock(at)}`
  const mark = ({ mark }: Entry) => mark?.as ?? 'not marked'
  const told = [
    ['base', base(one), base(other)],
    ['commit', one.commit ?? 'unknown', other.commit ?? 'unknown'],
    ['artifacts', one.artifacts.map(artifactText).join('; '), other.artifacts.map(artifactText).join('; ')],
    ['bake key', one.key.slice(0, 12), other.key.slice(0, 12)],
    ['baked by', made(one), made(other)],
    ['mark', mark(one), mark(other)],
  ]
  return told.filter(([, left, right]) => left !== right).map(([what, left, right]) => `   ${what}: ${left} → ${right}`)
}
