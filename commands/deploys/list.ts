import { command, dayAndClock, nameOfId, serviceOf, spoken, z } from '#crew'

export default command({
  summary: 'What is live where: which version, since when, by whom, and what stands beside it.',
  args: z.object({ service: serviceOf().optional().describe('Only this one') }),
  examples: ['', '--service web'],
  allow: ['engineers', 'approvers'],
  answer: async ({ service }, crew) => {
    const deployed = await crew.deploys.list(service)
    if (deployed.length === 0) return { text: 'The site names no services.' }
    const lines = deployed.flatMap(
      ({ service, environment, image, live, next, inService, serves, release, entry, ...health }) => {
        const where = `*${service}* in ${environment}`
        if (serves === null && next === null) return [`${where}: nothing is live`]
        const since = release
          ? ` for ${spoken(crew.now - release.since)}, since ${dayAndClock(release.since)}, by ${nameOfId(release.by)} (\`${release.execution}\`)`
          : ', by Terraform; no release of it is recorded'
        const mark = entry?.mark ? `, marked ${entry.mark.as === 'bad' ? '*bad*' : 'good'}` : ''
        const beside = [live, next].filter((version): version is string => version !== null && version !== serves)
        const head =
          serves === null
            ? `${where}: nothing is live`
            : `${where}: \`${image} ${serves}\`${since}${mark}, ${healthText(health)}`
        const how = (version: string) => (inService.has(version) ? 'some of it in service' : 'out of service')
        return [head, ...beside.map((version) => `   \`${version}\` stands beside it, ${how(version)}`)]
      },
    )
    return { text: lines.join('\n') }
  },
})

function healthText({ passing, wanted }: { passing: number; wanted: number }): string {
  const text = `${passing} of ${wanted} passing`
  return passing >= wanted ? text : `*${text}*`
}
