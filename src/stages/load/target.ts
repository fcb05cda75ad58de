import { z } from 'zod'
import type { LoadSettings } from '../../core/load/settings.ts'
import type { NamedEnvironment, Outcome, RunContext, StageKind } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { createConsul } from '../../tools/consul.ts'
import { planNamed } from './plan.ts'

const input = z.strictObject({
  loadtest: z.string(),
  /** How many generators there shall be at least, where the run scales them. */
  scale: z.number().int().min(1).optional(),
})

/** What workers need stands beside it. */
const planned = z.object(input.shape)

/**
 * Where the load goes: looked up once, so that all generators load the same instances. Fails where nothing is there to load. With
 * `scale` it also says how many generators there are (`scaled`) and shall be (`wanted`), and which addresses are theirs (`owned`).
 */
export const loadTarget: StageKind<z.infer<typeof input>> = {
  kind: 'load.target',
  input,
  repeatable: true,
  plan({ loadtest, scale }, { site }) {
    planNamed(site, loadtest)
    return { loadtest, ...(scale === undefined ? {} : { scale }) }
  },
  async run(fields, context): Promise<Outcome> {
    const { loadtest, scale } = planned.parse(fields)
    const settings = planNamed(context.site, loadtest)
    const scaling = scale === undefined ? {} : countsOf(settings, context, scale)
    return { kind: 'succeeded', output: { urls: await urlsOf(settings, context), ...scaling } }
  },
}

async function urlsOf({ target, environment }: LoadSettings, context: RunContext): Promise<string[]> {
  if (target === undefined) return []
  if (typeof target === 'string') return [target]
  const consul = createConsul(context.inherit.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500', context.inherit.CONSUL_HTTP_TOKEN)
  const instances = await consul.instances(target.service)
  const passing = instances.filter(({ status }) => status === 'passing')
  if (passing.length > 0) return passing.map(({ address }) => `http://${address}${target.path}`).sort()
  const seen =
    instances.length === 0 ? 'has no instance in Consul' : `has ${instances.length} instances, and none passes`
  throw new UserError(`There is nothing to load: \`${target.service}\` ${seen}. Bring ${environment} up first.`)
}

/** More than is asked for stays. Throws a `UserError` where nothing is up that could be scaled. */
function countsOf({ scale }: LoadSettings, { live, environment }: RunContext, asked: number) {
  const { variable, owns } = scale ?? { variable: '', owns: [] }
  const scaled = live ? countIn(live.variables, variable, environment) : null
  if (scaled === null)
    throw new UserError(`${environment.name} is not up, so that there is nothing to scale. Bring it up first.`)
  return { scaled, wanted: Math.max(scaled, asked), owned: [...owns] }
}

function countIn(variables: Readonly<Record<string, unknown>>, variable: string, { name }: NamedEnvironment): number {
  const count = Number(variables[variable])
  if (Number.isInteger(count)) return count
  throw new UserError(
    `${name} has \`${variable}\` at \`${variables[variable]}\`; \`--scale\` needs a whole number there.`,
  )
}
