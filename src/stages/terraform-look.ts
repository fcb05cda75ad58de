import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Diagnostic } from '../core/apply.ts'
import { readEvent } from '../core/apply.ts'
import { headline, readPlanText, summarizePlan } from '../core/plan.ts'
import { planOutput } from '../core/report.ts'
import type { Fields, Outcome, RunContext, StageKind } from '../core/workflow.ts'
import { look } from '../tools/run.ts'
import { planArgv, showJsonArgv } from '../tools/terraform.ts'
import { stackIn } from './source.ts'
import { keptValues, layValues } from './values.ts'
import type { Workplace } from './workplace.ts'
import { approvedCopy, maskFor } from './workplace.ts'

type Holder = { id: string; who: string; operation: string; created: string }
export type Now = { lock: Holder | null; problem: string | null; fresh: string | null }

const LOCKED = 'Error acquiring the state lock'

const input = z.object({
  of: z.string(),
  attempt: z.number(),
  plan: z.string(),
  gone: z.boolean(),
  savedOn: z.string().nullish(),
  /** When the apply was started, and when its end was given up. */
  began: z.number().nullish(),
  ended: z.number().nullish(),
})
type Input = z.infer<typeof input>

/** A plan that hardly waits: whether the state is locked is one of the questions. */
const LITTLE_PATIENCE = '2s'

/** Consul keeps a lock that was broken closed for five seconds more, to everybody, and names no holder then: it is asked again. */
const NOBODYS_LOCK = { tries: 5, every: 3_000 }

/**
 * Looks how things stand after an apply that nobody saw end: does its process live, is the state locked and by whom, does an
 * errored.tfstate lie there, what would a new plan of the approved stack do? Changes nothing.
 */
export const terraformLook: StageKind<Input> = {
  kind: 'terraform.look',
  input,
  repeatable: true,
  plan: (fields) => fields,
  run: (fields, context) => lookAround(input.parse(fields), context),
}

async function lookAround(input: Input, context: RunContext): Promise<Outcome> {
  const { of, attempt, plan, gone, savedOn } = input
  context.progress('looking at process, lock and state')
  const left = join(dirname(context.directory), `${of}-${attempt}`)
  const now = await planNow(plan, context, await approvedCopy(context, plan))
  const output: Fields = {
    process: await processOf(left, gone),
    savedOn: existsSync(join(stackIn(left, context.environment), 'errored.tfstate'))
      ? context.machine
      : (savedOn ?? null),
    ...now,
    lock: now.lock && { ...now.lock, ours: await isOurs(now.lock, input, join(left, 'process', 'out')) },
  }
  return { kind: 'succeeded', output }
}

/** Clocks of the machine that locked and of ours differ by a little. */
const CLOCKS_DIFFER_MS = 2_000

/**
 * Whether the lock can only be that of the apply that is looked at: taken for an apply, after that was started and before it changed
 * anything (Terraform locks first). A lock of anybody else is never released from here.
 */
async function isOurs({ operation, created }: Holder, { began, ended }: Input, stream: string): Promise<boolean> {
  const at = Date.parse(created.replace(/ ([+-]\d{4} )?UTC$/, 'Z').replace(' ', 'T'))
  if (operation !== 'OperationTypeApply' || !Number.isFinite(at) || !began) return false
  const until = (await firstChangeIn(stream)) ?? ended ?? Number.POSITIVE_INFINITY
  return at >= began - CLOCKS_DIFFER_MS && at <= until + CLOCKS_DIFFER_MS
}

/** When an apply said that it begins to change something; null where it never did, or where its words lie on another machine. */
async function firstChangeIn(stream: string): Promise<number | null> {
  const text = await readFile(stream, 'utf8').catch(() => '')
  for (const line of text.split('\n')) {
    const event = readEvent(line)
    if (event?.type === 'apply_start') return event.at ?? null
  }
  return null
}

async function processOf(left: string, gone: boolean): Promise<'running' | 'gone' | 'elsewhere'> {
  const { state } = await look(join(left, 'process'))
  if (state === 'absent') return gone ? 'gone' : 'elsewhere'
  return state === 'running' || state === 'starting' ? 'running' : 'gone'
}

/** What a plan of the approved stack says now: who holds the state's lock, why no plan can be made, or what it would change. */
export async function planNow(planStage: string, context: RunContext, place: Workplace): Promise<Now> {
  const { variables, destroy } = planOutput.parse(context.output(planStage))
  const mask = maskFor(context)
  const varFiles = await layValues(place, await keptValues(context, variables))
  const argv = planArgv({ planFile: place.planFile, lockTimeout: LITTLE_PATIENCE, varFiles, destroy })
  let { exitCode, stdout } = await quietly(context, place, argv)
  for (let tries = 1; isNobodysLock(stdout) && tries < NOBODYS_LOCK.tries; tries++) {
    await sleep(NOBODYS_LOCK.every)
    ;({ exitCode, stdout } = await quietly(context, place, argv))
  }
  if (exitCode === 0 || exitCode === 2)
    return { lock: null, problem: null, fresh: mask(await summaryOf(context, place, exitCode)) }
  const errors = diagnosticsOf(stdout)
  const lock = errors.map(lockOf).find((found) => found !== null) ?? null
  const said = errors.map(({ summary }) => summary).join('; ')
  return { lock, fresh: null, problem: lock ? null : mask(said || `terraform plan exited with ${exitCode}`) }
}

async function summaryOf(context: RunContext, place: Workplace, exitCode: number): Promise<string> {
  const { stdout } = await quietly(context, place, showJsonArgv(place.planFile))
  return headline(summarizePlan(readPlanText(stdout), { exitCode }))
}

function quietly({ run }: RunContext, place: Workplace, argv: readonly string[]) {
  return run([place.bin, ...argv], { cwd: place.stack, env: place.env, timeout: 15 * 60_000 })
}

/** Who is in the way of a program that says so in its stream, in words; null where nothing is. */
export function holderText(stream: string): string | null {
  const holder = diagnosticsOf(stream)
    .map(lockOf)
    .find((found) => found !== null)
  if (!holder) return null
  const { id, who, operation, created } = holder
  return `the state is locked by ${who} (${operation}, since ${created}, lock ${id})`
}

function isNobodysLock(stream: string): boolean {
  return diagnosticsOf(stream).some((error) => error.summary === LOCKED && lockOf(error) === null)
}

function diagnosticsOf(stream: string): Diagnostic[] {
  return stream.split('\n').flatMap((line) => {
    const event = readEvent(line)
    return event?.type === 'diagnostic' && event.diagnostic.severity === 'error' ? [event.diagnostic] : []
  })
}

/** The holder as Terraform's own text gives it (`Lock Info:` with `  ID:        ...`); null for any other error, and where it names none. */
function lockOf({ summary, detail = '' }: Diagnostic): Holder | null {
  if (summary !== LOCKED) return null
  const field = (name: string) => new RegExp(`^\\s*${name}:\\s*(\\S.*)$`, 'm').exec(detail)?.[1]?.trim() ?? ''
  const id = field('ID')
  return id === '' ? null : { id, who: field('Who'), operation: field('Operation'), created: field('Created') }
}
