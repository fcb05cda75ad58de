import type { Found, Wish } from '../../core/kv/diff.ts'
import { diffOf } from '../../core/kv/diff.ts'
import { secretKeys } from '../../core/kv/keys.ts'
import type { KvPart, KvPlan } from '../../core/kv/plan.ts'
import { awayPart, countsOf, massRemovals, partOf } from '../../core/kv/plan.ts'
import type { ExternalService } from '../../core/kv/services.ts'
import { planText } from '../../core/kv/text.ts'
import { headlineOf, partLines, planLines } from '../../core/kv/words.ts'
import { stageFile } from '../../core/stage/files.ts'
import type { Outcome, RunContext } from '../../core/workflow.ts'
import { sha256 } from '../digest.ts'
import { maskFor } from '../workplace.ts'
import type { Consul, Seen } from './look.ts'
import { awayText, lookAt } from './look.ts'
import { memoryOf, remembered, standingDigest } from './memory.ts'
import type { WantedEverywhere } from './source.ts'

/** The plan as it travels to the apply: exactly these bytes are approved. */
export const PLAN = 'plan'
/** Where an execution has several plans, each has a file of its own by its stage. */
const PLAN_TEXT = 'kv-plan.txt'

/** So many lines stay in the execution; all of them are in the file. */
const MOST_LINES = 60

/** Stores the plan, and gives what people are shown of it. */
export async function planned(context: RunContext, plan: KvPlan, more: Record<string, unknown>): Promise<Outcome> {
  const mask = maskFor(context)
  const bytes = Buffer.from(JSON.stringify(plan))
  await context.artifacts.put(PLAN, bytes)
  const file = stageFile({ id: context.stage, kind: 'kv.plan' }, PLAN_TEXT)
  await context.artifacts.put(file, Buffer.from(mask(planText(plan))))
  const { lines, risky } = planLines(plan)
  const counts = countsOf(plan.parts)
  const needsApply = counts.add + counts.change + counts.remove > 0
  return {
    kind: 'succeeded',
    output: {
      name: plan.name,
      digest: sha256(bytes),
      headline: mask(headlineOf(plan)),
      needsApply,
      loud: needsApply,
      counts: { add: counts.add, change: counts.change, destroy: counts.remove },
      lines: lines.slice(0, MOST_LINES).map((line) => mask(line)),
      more: Math.max(lines.length - MOST_LINES, 0),
      risky: Math.min(risky, MOST_LINES),
      loudly: massRemovals(plan).map(({ dc, prefix, goes, has }) => `${dc}: ${goes} of ${has} keys below ${prefix}`),
      parts: partLines(plan).map((line) => mask(line)),
      files: [file],
      ...more,
    } as never,
  }
}

export type Looked = { readonly part: KvPart; readonly seen: Seen | null }

/** One datacenter: as it is, as it was when it was last right, or unknown. */
export async function partAt(
  context: RunContext,
  consul: Consul,
  dc: string,
  wanted: WantedEverywhere,
): Promise<Looked> {
  const { kv, signal } = context
  const services = wanted.services.get(dc) ?? new Map<string, Wish & { service: ExternalService }>()
  try {
    const seen = await lookAt(
      consul,
      dc,
      kv,
      [...services.values()].map(({ service }) => service),
      signal,
    )
    return { part: partFrom(context, { dc, state: 'read', why: '' }, wanted, seen), seen }
  } catch (error) {
    signal.throwIfAborted()
    const why = awayText(error)
    const right = await memoryOf(context).right(dc)
    if (!right) return { part: awayPart(dc, why), seen: null }
    const then = { keys: remembered(right.keys), services: remembered(right.services) }
    return { part: partFrom(context, { dc, state: 'remembered', why }, wanted, then), seen: null }
  }
}

export function partFrom(
  { kv, site }: Pick<RunContext, 'kv' | 'site'>,
  about: Pick<KvPart, 'dc' | 'state' | 'why'>,
  wanted: WantedEverywhere,
  { keys, services }: Pick<Seen, 'keys' | 'services'>,
): KvPart {
  const isSecret = secretKeys(site, kv)
  const wishes = { keys: wanted.keys.get(about.dc) ?? new Map(), services: wanted.services.get(about.dc) ?? new Map() }
  const sizes = Object.fromEntries(
    kv.prefixes.map((prefix) => [prefix, [...keys.keys()].filter((key) => key.startsWith(prefix)).length]),
  )
  const right = rightOnce({ wanted: wishes.keys, found: keys }, { wanted: wishes.services, found: services })
  return partOf(
    { ...about, sizes, right },
    diffOf({ kind: 'key', wanted: wishes.keys, found: keys, isSecret }, kv.prefixes),
    diffOf({ kind: 'service', wanted: wishes.services, found: services, isSecret: () => false }),
  )
}

type Beside = { readonly wanted: ReadonlyMap<string, Wish>; readonly found: ReadonlyMap<string, Found> }

/** What stands for a datacenter that has all that is wanted; null where some of that is left alone. */
function rightOnce(keys: Beside, services: Beside): string | null {
  const keptOf = ({ found }: Beside, key: string) => found.get(key)?.kept
  const blocked = (beside: Beside) =>
    [...beside.wanted].some(
      ([key, { digest }]) => keptOf(beside, key) !== undefined && beside.found.get(key)?.digest !== digest,
    )
  if (blocked(keys) || blocked(services)) return null
  const standing = (beside: Beside) =>
    new Map(
      [...beside.wanted].flatMap(([key, { digest }]) => (keptOf(beside, key) === undefined ? [[key, { digest }]] : [])),
    )
  return standingDigest({ keys: standing(keys), services: standing(services) })
}

/** Nothing is to be done there. What is left alone beside it, such as a lock, does not matter. */
export function isRight({ state, changes, right }: KvPart): boolean {
  return state === 'read' && changes.length === 0 && right !== null
}
