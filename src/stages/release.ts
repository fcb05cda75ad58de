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

type Wish = { readonly service: string; readonly version?: string | undefined; readonly rollback?: boolean }

/**
 * A release, blue and green: the new group beside the old one, its health, the switch, the drain, and only then the removal of the old
 * group, which the first approval covers as long as it removes nothing else. When anything fails before that, the old group comes back
 * into service first and the new one goes after it.
 */
export function blueGreen({ service, ...wish }: Wish, { site, environment }: PlanContext): StageDraft[] {
  if (!environment) throw new Error('A release needs an environment: give the command one.')
  const settings = serviceNamed(site, service)
  const { live, next } = settings.variables
  const choice = (field: string) => ({ ref: `${RELEASE.choose}.${field}` })
  const onlyIf = RELEASE.choose
  const recovers = [RELEASE.apply, RELEASE.gate, RELEASE.switch, RELEASE.drain]
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
    judgment({ show: 'terraform.plan', follows: followsOf(settings), onlyIf, evenIfEmpty: true }),
    terraform.apply({ plan: 'terraform.plan', onlyIf }),
    health({ id: RELEASE.gate, version: choice('version'), ...gate, ...times, onlyIf, evenIfEmpty: true }),
    release.switch({ id: RELEASE.switch, service, onlyIf }),
    release.drain({ id: RELEASE.drain, service, onlyIf }),
    ...removal('remove', { live, next, stays: choice('version'), goes: choice('ownsOld') }, { onlyIf }),
    release.restore({ id: RELEASE.restore, service, recovers }),
    release.record({ id: 'return.record', service, failed: true, recovers }),
    ...removal('return', { live, next, stays: choice('old'), goes: choice('ownsNew') }, { recovers }),
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
function followsOf(settings: ReturnType<typeof serviceNamed>): string[] {
  const { healthy_for, healthy_within, drain, connections, owns } = settings
  return [
    `Gate: all new instances pass for ${healthy_for}, within ${healthy_within}`,
    'Switch: they come into service, then the old ones go out of it',
    `Drain: at most ${drain}${connections ? ', until connections have ended' : ''}`,
    owns.length > 0
      ? 'Removal of the old group, without asking again if nothing else would go'
      : 'Removal of the old group, which asks again',
  ]
}
