import { when } from '../core/planning/conditions.ts'
import { RELEASE } from '../core/release/standing.ts'
import { consulName, serviceNamed } from '../core/release.ts'
import type { PlanContext, Shape, StageDraft } from '../core/workflow.ts'
import { health } from './health.ts'
import { judgment } from './judgment.ts'
import { terraform } from './terraform-apply.ts'

type Service = Shape & { readonly service: string }

const stage =
  (kind: string) =>
  ({ service, ...shape }: Service): StageDraft => ({ kind, input: { service }, ...shape })

/** The stages of a release, one by one. All but the first take what `release.choose` gave. */
export const release = {
  choose: ({
    service,
    version,
    rollback,
    ...shape
  }: Service & { version?: string | undefined; rollback?: boolean }): StageDraft => ({
    kind: 'release.choose',
    input: { service, ...(version === undefined ? {} : { version }), ...(rollback ? { rollback } : {}) },
    ...shape,
  }),
  switch: stage('release.switch'),
  drain: stage('release.drain'),
  restore: stage('release.restore'),
  record: ({ service, failed, ...shape }: Service & { failed?: boolean }): StageDraft => ({
    kind: 'release.record',
    input: { service, ...(failed ? { failed } : {}) },
    ...shape,
  }),
} as const

type Wish = {
  readonly service: string
  readonly version?: string | undefined
  readonly rollback?: boolean
  /** Asks once the new group is healthy how much of it takes traffic first: a tenth, all, or none. */
  readonly canary?: boolean
}

const TENTH = 10

/**
 * A release, blue and green: the new group beside the old one, its health, the switch, the drain, and only then the removal of the old
 * group, which the first approval covers as long as it removes nothing else. When anything fails before that, the old group comes back
 * into service first and the new one goes after it.
 */
export function blueGreen(
  { service, canary = false, ...wish }: Wish,
  { site, environment }: PlanContext,
): StageDraft[] {
  if (!environment) throw new Error('A release needs an environment: give the command one.')
  const settings = serviceNamed(site, service)
  const { live, next } = settings.variables
  const choice = (field: string) => ({ ref: `${RELEASE.choose}.${field}` })
  const onlyIf = RELEASE.choose
  const asked = canary ? canaryStages(service, onlyIf) : []
  const recovers = [RELEASE.apply, RELEASE.gate, ...asked.flatMap(({ id = [] }) => id), RELEASE.switch, RELEASE.drain]
  const gate = {
    service: consulName(settings, environment.name),
    passing: { variable: settings.count },
    plan: 'terraform.plan',
    standby: true,
  }
  const times = { for: settings.healthy_for, within: settings.healthy_within }
  return [
    release.choose({ service, ...wish }),
    terraform.plan({ set: { [live]: choice('live'), [next]: choice('next') }, onlyIf }),
    // Asked and gated also where Terraform has nothing to do, since the group stands already: the switch is what is approved.
    judgment({ show: 'terraform.plan', follows: followsOf(settings, canary), onlyIf, evenIfEmpty: true }),
    terraform.apply({ plan: 'terraform.plan', onlyIf }),
    health({ id: RELEASE.gate, version: choice('version'), ...gate, ...times, onlyIf, evenIfEmpty: true }),
    ...asked,
    release.switch({ id: RELEASE.switch, service, onlyIf }),
    release.drain({ id: RELEASE.drain, service, onlyIf }),
    ...removal('remove', { live, next, stays: choice('version'), goes: choice('ownsOld') }, { onlyIf }),
    release.restore({ id: RELEASE.restore, service, recovers }),
    release.record({ id: 'return.record', service, failed: true, recovers }),
    ...removal('return', { live, next, stays: choice('old'), goes: choice('ownsNew') }, { recovers }),
  ]
}

/** How much of the new group takes traffic is chosen by an approver; after a tenth he is asked again. Stop brings the old group back alone. */
function canaryStages(service: string, onlyIf: string): StageDraft[] {
  const shape = { show: 'terraform.plan', onlyIf, evenIfEmpty: true }
  const all = { value: 'all', label: 'All', style: 'primary' } as const
  const stop = { value: 'stop', label: 'Stop', rejects: true } as const
  const share = `${TENTH} %`
  return [
    judgment({
      ...shape,
      id: RELEASE.canary,
      instructions: 'The new instances are healthy and take no traffic yet. How much of it?',
      choices: [share, all, stop],
    }),
    ...when({ ref: `${RELEASE.canary}.choice`, is: share }, [
      { kind: 'release.canary', id: RELEASE.share, input: { service, percent: TENTH }, onlyIf },
      judgment({
        ...shape,
        id: 'canary.rest',
        instructions: 'Some of the new instances take traffic. Look how they do: all of it, or back?',
        choices: [all, stop],
      }),
    ]),
  ]
}

type Ref = { readonly ref: string }
type Removal = { readonly live: string; readonly next: string; readonly stays: Ref; readonly goes: Ref }

/** One group stays and the other goes: a plan that is applied without asking again where it removes nothing but that group. */
function removal(
  id: string,
  { live, next, stays, goes }: Removal,
  shape: Pick<Shape, 'onlyIf' | 'recovers'>,
): StageDraft[] {
  const plan = `${id}.plan`
  return [
    terraform.plan({ id: plan, set: { [live]: stays, [next]: '' }, ...shape }),
    judgment({ id: `${id}.judgment`, show: plan, inAdvance: { judgment: 'judgment', owned: goes }, ...shape }),
    terraform.apply({ id: `${id}.apply`, plan, ...shape }),
  ]
}

/** What an approval sets going, in the order in which it happens. */
function followsOf(settings: ReturnType<typeof serviceNamed>, canary: boolean): string[] {
  const { healthy_for, healthy_within, drain, connections, owns } = settings
  return [
    `Gate: all new instances pass for ${healthy_for}, within ${healthy_within}`,
    ...(canary ? [`Canary: you are asked how many take traffic first (${TENTH} %, all, stop)`] : []),
    'Switch: they come into service, then the old ones go out of it',
    `Drain: at most ${drain}${connections ? ', until connections have ended' : ''}`,
    owns.length > 0
      ? 'Removal of the old group, without asking again if nothing else would go'
      : 'Removal of the old group, which asks again',
  ]
}
