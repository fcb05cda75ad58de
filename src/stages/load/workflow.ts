import { milliseconds } from '../../core/duration.ts'
import type { LoadSettings } from '../../core/load/settings.ts'
import type { Site } from '../../core/site.ts'
import type { StageDraft } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { health } from '../health.ts'
import { judgment } from '../judgment.ts'
import { terraform } from '../terraform-apply.ts'
import { planNamed } from './plan.ts'

/** Whoever approves that generators come has approved that they go again: exactly what the site says is theirs, and nothing else. */
const inAdvance = { judgment: 'judgment', owned: { ref: 'load.target.owned' } }

const URLS = { ref: 'load.target.urls' }

/** The label of workers that make load. */
const GENERATOR = 'generator'

export type LoadWish = {
  readonly plan: string
  readonly generators?: number | undefined
  readonly for?: string | undefined
  /** Brings the generators up first, and down again after. */
  readonly scale?: boolean
}

/**
 * A load test as stages: where to, the shares beside each other on workers with the label `generator`, and the report. Throws a `UserError`
 * where the site allows less.
 */
export function loadTest(wish: LoadWish, site: Site): StageDraft[] {
  const { plan: loadtest, scale = false } = wish
  const settings = planNamed(site, loadtest)
  const { generators = settings.generators, for: time = settings.for } = wish
  checkWish({ generators, time }, wish.plan, site)
  if (!scale) {
    const target = { kind: 'load.target', input: { loadtest }, id: 'load.target' }
    return [target, ...loadStages({ loadtest, generators, time, settings }, { after: 'load.target', go: 'halt' })]
  }
  if (settings.scale === undefined)
    throw new UserError(
      `\`${loadtest}\` says no variable that counts its generators (\`scale\` in the site), so \`--scale\` cannot be used.`,
    )
  const { variable } = settings.scale
  return [
    { kind: 'load.target', input: { loadtest, scale: generators } },
    terraform.plan({ set: { [variable]: { ref: 'load.target.wanted' } } }),
    judgment({ show: 'terraform.plan', follows: followsOf(loadtest, time, settings.scale.owns) }),
    terraform.apply({ plan: 'terraform.plan' }),
    health(),
    ...loadStages({ loadtest, generators, time, settings }, { after: 'health', go: 'continue' }),
    terraform.plan({ id: 'terraform.plan-2', set: { [variable]: { ref: 'load.target.scaled' } } }),
    judgment({ id: 'judgment-2', show: 'terraform.plan-2', inAdvance }),
    terraform.apply({ id: 'terraform.apply-2', plan: 'terraform.plan-2' }),
    { kind: 'load.verdict', input: { report: 'load.report' } },
  ]
}

function followsOf(loadtest: string, time: string, owns: readonly string[]): string[] {
  const back = owns.length > 0 ? 'with this approval' : 'once somebody has approved that too'
  return [`${loadtest} loads it for ${time}`, `the generators that came for it go again, ${back}`]
}

function checkWish({ generators, time }: { generators: number; time: string }, name: string, site: Site): void {
  const { most_generators, longest, connections } = planNamed(site, name)
  if (generators < 1 || generators > most_generators)
    throw new UserError(
      `\`${name}\` runs on 1 to ${most_generators} generators; \`--generators ${generators}\` was asked for.`,
    )
  if (generators > connections)
    throw new UserError(`\`${name}\` makes ${connections} connections, which ${generators} generators cannot share.`)
  if (milliseconds(time) > milliseconds(longest))
    throw new UserError(`\`${name}\` may run for at most ${longest}; \`--for ${time}\` is longer.`)
}

type Load = {
  readonly loadtest: string
  readonly generators: number
  readonly time: string
  readonly settings: LoadSettings
}

/** `continue`: what comes after it is done also where the load failed. */
function loadStages(
  { loadtest, generators, time, settings }: Load,
  { after, go }: { after: string; go: 'halt' | 'continue' },
): StageDraft[] {
  const { ready_within: beginWithin } = settings
  const shares = Array.from({ length: generators }, (_, at) => `load.run-${at + 1}`)
  return [
    ...shares.map(
      (id, at): StageDraft => ({
        ...{
          kind: 'load.run',
          id,
          after: [after],
          onFailure: 'continue',
          labels: [GENERATOR],
          spread: true,
          beginWithin,
        },
        input: { loadtest, share: at + 1, of: generators, for: time, urls: URLS },
      }),
    ),
    { kind: 'load.report', input: { loadtest, shares, for: time, urls: URLS }, after: shares, onFailure: go },
  ]
}
