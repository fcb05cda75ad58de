import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import type { Outcome, RunContext, StageDraft, StageKind } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import type { ConsulClient, Instance } from '../tools/consul.ts'
import { createConsul } from '../tools/consul.ts'
import { variablesOf } from './variables.ts'

const input = z.strictObject({ size: z.string().optional(), within: z.string().optional() })
type Input = z.infer<typeof input>

const planned = z.object({ services: z.record(z.string(), z.number()), within: z.string() })

const LOOK_EVERY_MS = 500

/** Succeeds when exactly as many instances of each service are registered in Consul as the size says, and all of them pass. */
export const healthKind: StageKind<Input> = {
  kind: 'health',
  input,
  repeatable: true,
  plan({ size, within }, context) {
    const { environment } = context
    if (!environment) throw new Error('A health stage needs the environment whose services it checks.')
    if (within !== undefined) milliseconds(within)
    const variables = variablesOf(context, size)
    const services = Object.entries(environment.health).map(([service, variable]) => {
      const count = Number(variables[variable])
      if (!Number.isInteger(count)) {
        throw new UserError(
          `The health of ${service} needs the variable \`${variable}\` as a whole number; the site gives \`${variables[variable]}\`.`,
        )
      }
      return [service, count] as const
    })
    return { services: Object.fromEntries(services), within: within ?? environment.health_within }
  },
  run: (input, context) => untilHealthy(planned.parse(input), context),
}

type Seen = { readonly service: string; readonly wanted: number; readonly instances: readonly Instance[] }

async function untilHealthy({ services, within }: z.infer<typeof planned>, context: RunContext): Promise<Outcome> {
  const consul = createConsul(context.inherit.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500', context.inherit.CONSUL_HTTP_TOKEN)
  const until = context.now() + milliseconds(within)
  for (;;) {
    const late = context.now() >= until
    const seen = await look(consul, services).catch((error: unknown) => {
      if (late || context.signal.aborted || !(error instanceof UserError)) throw error
      return null
    })
    const output = { services: (seen ?? []).map(shown) }
    if (seen?.every(isWell)) return { kind: 'succeeded', output }
    if (context.signal.aborted) return { kind: 'canceled', why: 'canceled while it waited for the instances', output }
    if (late && seen)
      return { kind: 'failed', error: `Not all instances passed within ${within}: ${words(seen)}.`, output }
    context.progress(seen ? words(seen) : 'Consul does not answer, it is asked again')
    await sleep(LOOK_EVERY_MS)
  }
}

async function look(consul: ConsulClient, services: Record<string, number>): Promise<Seen[]> {
  return Promise.all(
    Object.entries(services).map(async ([service, wanted]) => ({
      service,
      wanted,
      instances: await consul.instances(service),
    })),
  )
}

function isWell({ wanted, instances }: Seen): boolean {
  return instances.length === wanted && instances.every(({ status }) => status === 'passing')
}

function shown({ service, wanted, instances }: Seen) {
  const passing = instances.filter(({ status }) => status === 'passing')
  const sick = instances.filter(({ status }) => status !== 'passing').slice(0, 5)
  return {
    service,
    wanted,
    registered: instances.length,
    passing: passing.length,
    sick: sick.map(({ id, status, output }) => ({ id, status, output })),
    instances: passing.slice(0, 20).map(({ id, address }) => ({ id, address })),
  }
}

function words(seen: readonly Seen[]): string {
  return seen
    .map(
      (each) =>
        `${each.service} ${each.instances.filter(({ status }) => status === 'passing').length} of ${each.wanted} passing`,
    )
    .join(', ')
}

/** A health check in a workflow: `health({ size })`. */
export function health(draft: Input = {}): StageDraft {
  return { kind: healthKind.kind, input: draft }
}
