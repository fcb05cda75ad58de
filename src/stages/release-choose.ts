import { z } from 'zod'
import type { ImageRelease } from '../core/catalogue.ts'
import { artifactText, isBad } from '../core/catalogue.ts'
import { chooseVersion, consulName, ownedBy, serviceNamed } from '../core/release.ts'
import type { Fields, Outcome, RunContext, StageKind } from '../core/workflow.ts'
import { createCatalogue } from './catalogue.ts'
import { consulOf } from './consul.ts'

const input = z.strictObject({
  service: z.string(),
  /** Without it the newest version to go back to. */
  version: z.string().optional(),
  rollback: z.boolean().default(false),
})

const planned = z.object({
  service: z.string(),
  version: z.string().nullable(),
  rollback: z.boolean(),
  image: z.string(),
  variables: z.object({ live: z.string(), next: z.string() }),
  owns: z.array(z.string()),
  consul: z.string(),
  count: z.string(),
})

/** Finds the version to release in the catalogue, and what stands in the environment now. Fails where it may not be released. */
export const releaseChoose: StageKind<z.infer<typeof input>> = {
  kind: 'release.choose',
  input,
  repeatable: true,
  plan({ service, version, rollback }, { site, environment }) {
    if (!environment) throw new Error('A release needs an environment: give the command one.')
    if (version === undefined && !rollback) throw new Error('Only a rollback may leave the version open.')
    const settings = serviceNamed(site, service)
    const { image, variables, owns, count } = settings
    const consul = consulName(settings, environment.name)
    return { service, version: version ?? null, rollback, image, variables, owns: [...owns], consul, count }
  },
  run: (fields, context) => choose(planned.parse(fields), context),
}

async function choose(wanted: z.infer<typeof planned>, context: RunContext): Promise<Outcome> {
  const { service, image, variables, owns } = wanted
  const environment = context.environment.name
  context.progress('looking into the catalogue')
  const client = consulOf(context)
  const versions = await createCatalogue(client).list(image)
  const value = (name: string) => String(context.live?.variables[name] ?? '')
  const serve = (await client.instances(wanted.consul)).filter(({ maintenance }) => !maintenance)
  const inService = [...new Set(serve.map((instance) => instance.version ?? ''))].sort()
  const target = { service, image, environment, live: value(variables.live), next: value(variables.next), inService }
  const { entry, needed, ...chosen } = chooseVersion(target, wanted, versions)
  const passing = serve.filter((each) => each.version === chosen.version && each.status === 'passing').length
  const base = entry.base && (await createCatalogue(client).find(entry.base.image, entry.base.version))
  const serving = needed ? chosen.old : chosen.version
  const since = versions
    .find(({ version }) => version === serving)
    ?.releases.findLast((each) => isHere(each, target) && each.until === null)
  const output: Fields = {
    service,
    image,
    environment,
    ...chosen,
    needed,
    needsApply: needed,
    ownsOld: ownedBy(owns, chosen.old),
    ownsNew: ownedBy(owns, chosen.version),
    oldSince: since?.since ?? null,
    oldBy: since?.by ?? null,
    inService,
    passing,
    wanted: Number(value(wanted.count)) || 0,
    first: !versions.some(({ releases }) => releases.some((each) => isHere(each, target))),
    artifacts: entry.artifacts.map(artifactText),
    base: entry.base ? `${entry.base.image} ${entry.base.version}` : null,
    baseBad: base ? isBad(base) : false,
    commit: entry.commit,
  }
  return { kind: 'succeeded', output }
}

type Place = Pick<ImageRelease, 'service' | 'environment'>

function isHere(release: Place, { service, environment }: Place): boolean {
  return release.service === service && release.environment === environment
}
