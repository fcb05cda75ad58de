import { z } from 'zod'
import { secretKeys } from '../../core/kv/keys.ts'
import type { KvPart, KvPlan } from '../../core/kv/plan.ts'
import { heldBack } from '../../core/kv/plan.ts'
import type { Outcome, RunContext, Shape, StageDraft, StageKind } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { catchUpPlan } from './catch-up.ts'
import { consulOf, datacentersOf } from './look.ts'
import type { Waiting } from './memory.ts'
import { memoryOf } from './memory.ts'
import { isRight, partAt, planned } from './planned.ts'
import type { Source, WantedEverywhere } from './source.ts'
import { readSource, wantedFrom } from './source.ts'

const input = z.strictObject({
  /** Only this datacenter, which was away: what was approved for it then, if that still fits. */
  catchUp: z.string().optional(),
  /** Something applies it: what is away now is caught up later. */
  applies: z.boolean().default(false),
})
type Input = z.infer<typeof input>

/** Reads the source and every datacenter, and says what an apply would change. It changes nothing. */
export const kvPlanKind: StageKind<Input> = {
  kind: 'kv.plan',
  input,
  repeatable: true,
  plan({ catchUp, applies }, { kv }) {
    if (!kv) throw new Error('A plan of settings needs a source: give the command `environment: kvTarget(...)`.')
    if (catchUp !== undefined && catchUp !== kv.hub && kv.spokes !== 'all' && !kv.spokes.includes(catchUp))
      throw new UserError(`${catchUp} is no datacenter of ${kv.name}; there are ${[kv.hub, ...kv.spokes].join(', ')}.`)
    return { ...(catchUp === undefined ? {} : { catchUp }), applies }
  },
  async run(fields, context) {
    const { catchUp, applies } = fields as Partial<Input>
    if (typeof catchUp === 'string') return catchUpPlan(context, catchUp)
    return wholePlan(context, applies === true)
  },
}

async function wholePlan(context: RunContext, applies: boolean): Promise<Outcome> {
  const { kv, signal } = context
  const consul = consulOf(context)
  context.progress('reading the source')
  const source = await readSource(context)
  const datacenters = await datacentersOf(consul, kv, signal)
  const wanted = wantedFrom(source, datacenters, context)
  context.progress(`reading ${datacenters.join(', ')}`)
  const looked = await Promise.all(datacenters.map((dc) => partAt(context, consul, dc, wanted)))
  const hub = looked[0]
  if (!hub || hub.seen === null)
    throw new UserError(
      `The hub ${kv.hub} gives no answer that counts, so nothing is planned anywhere: ${hub?.part.why}`,
    )
  const doubted = kv.prefixes.filter((prefix) => {
    const has = (keys: Iterable<string>) => [...keys].some((key) => key.startsWith(prefix))
    return has(wanted.keys.get(kv.hub)?.keys() ?? []) && !has(hub.seen?.keys.keys() ?? [])
  })
  const parts = heldBack(
    looked.map(({ part }) => part),
    kv.hub,
    doubted,
  )
  const plan: KvPlan = { name: kv.name, hub: kv.hub, prefixes: [...kv.prefixes], parts }
  for (const { part, seen } of looked) if (seen && isRight(part)) await memoryOf(context).sawRight(part.dc, seen)
  const nothing = parts.every(({ changes }) => changes.length === 0)
  const waits = applies && nothing ? await stillAway(context, parts) : []
  for (const { dc, why } of waits) await memoryOf(context).waits(dc, waitingFor(context, why))
  return planned(context, plan, {
    commit: source.commit,
    note: inClear(source, wanted, context),
    ...(waits.length > 0 ? { catchUp: waits.map(({ dc }) => dc) } : {}),
    ...(!applies && !nothing ? { offers: [{ label: 'Apply', line: `kv apply ${kv.name}` }] } : {}),
  })
}

/** Those away that are looked at when they answer: nobody knows what they have, or they wait for what an earlier plan wanted. */
async function stillAway(context: RunContext, parts: readonly KvPart[]): Promise<KvPart[]> {
  const away = parts.filter(({ state }) => state !== 'read')
  const waiting = await Promise.all(away.map(({ dc }) => memoryOf(context).waiting(dc)))
  return away.filter(({ state }, at) => state === 'unknown' || waiting[at] !== null)
}

/** A datacenter of which nobody could approve anything. */
function waitingFor({ execution, now }: RunContext, why: string): Waiting {
  return { execution, at: now(), why, part: null, approvedBy: [] }
}

/** Secrets that stand in the source for everybody to read. */
function inClear({ settings }: Source, { keys }: WantedEverywhere, { site, kv }: RunContext): string {
  const isSecret = secretKeys(site, kv)
  const named = new Set(
    [...keys.values()].flatMap((wishes) =>
      [...wishes].filter(([key, { secret }]) => !secret && isSecret(key)).map(([key]) => key),
    ),
  )
  if (named.size === 0) return ''
  const files = settings.filter(({ common, local }) =>
    [...common, ...[...local.values()].flat()].some(({ key }) => named.has(key)),
  )
  return `${named.size} secret${named.size === 1 ? '' : 's'} in clear in the source (${files.map(({ file }) => file).join(', ')}): use \`from_env\`.`
}

/** `kv.plan({ applies: true })` in a workflow. */
export function kvPlanDraft({
  catchUp,
  applies = false,
  ...shape
}: Shape & { catchUp?: string | undefined; applies?: boolean } = {}): StageDraft {
  return { kind: kvPlanKind.kind, input: { ...(catchUp === undefined ? {} : { catchUp }), applies }, ...shape }
}
