import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Outcome, RunContext, StageKind } from '../core/workflow.ts'
import { run } from '../tools/run.ts'
import { unpackTree } from '../tools/tree.ts'
import { lockOf } from './terraform-look.ts'
import type { Workplace } from './workplace.ts'
import { init, maskFor, workplace } from './workplace.ts'

const input = z.object({
  of: z.string(),
  attempt: z.number(),
  lock: z.string().nullable(),
  machine: z.string().nullable(),
})
type Input = z.infer<typeof input>

/** Releases exactly the state lock that was shown, which is read once more just before: another holder is left alone. */
export const terraformUnlock: StageKind<Input> = {
  kind: 'terraform.unlock',
  input,
  repeatable: true,
  plan: (fields) => fields,
  run: async (fields, context) => {
    const { lock } = input.parse(fields)
    const place = await inCopy(context)
    const holder = await holderOf(place)
    if (holder === null) return { kind: 'succeeded', output: { said: 'The state was not locked any more.' } }
    if (lock === null || holder !== lock)
      return { kind: 'failed', error: `The state is locked by another one now (${holder}); nothing was released.` }
    return said(context, await terraform(place, ['force-unlock', '-force', lock]), 'The state lock was released.')
  },
}

/** Pushes the state that Terraform could save only as errored.tfstate, from where it lies. Terraform itself refuses an older or foreign one. */
export const terraformPush: StageKind<Input> = {
  kind: 'terraform.push',
  input,
  repeatable: true,
  plan: (fields) => fields,
  run: async (fields, context) => {
    const { of, attempt } = input.parse(fields)
    const saved = join(dirname(context.directory), `${of}-${attempt}`, 'stack', 'errored.tfstate')
    const place = await inCopy(context)
    const pushed = await terraform(place, ['state', 'push', saved])
    if (pushed.exitCode === 0) await run(['mv', saved, `${saved}.pushed`], { cwd: '/', env: place.env })
    return said(context, pushed, 'The saved state was pushed.')
  },
}

async function inCopy(context: RunContext): Promise<Workplace> {
  const place = await workplace(context, async (stack) => unpackTree(await context.artifacts.get('stack'), stack))
  await init(context, place, maskFor(context))
  return place
}

/** Id of whoever holds the lock now, by asking for it without patience; null when it is free. */
async function holderOf(place: Workplace): Promise<string | null> {
  const asked = await terraform(place, ['plan', '-input=false', '-lock-timeout=0s', '-refresh=false', '-json'])
  for (const line of asked.stdout.split('\n').filter((each) => each.includes('Error acquiring the state lock'))) {
    const { diagnostic } = JSON.parse(line) as { diagnostic?: Parameters<typeof lockOf>[0] }
    const holder = diagnostic && lockOf(diagnostic)
    if (holder) return String(holder.id)
  }
  return null
}

function terraform(place: Workplace, argv: readonly string[]) {
  return run([place.bin, ...argv], { cwd: place.stack, env: place.env, timeout: 15 * 60_000 })
}

function said(context: RunContext, { exitCode, stderr }: { exitCode: number; stderr: string }, well: string): Outcome {
  if (exitCode === 0) return { kind: 'succeeded', output: { said: well } }
  const reason = maskFor(context)(stderr).replace(/\s+/g, ' ').trim().slice(0, 400)
  return { kind: 'failed', error: `Terraform refused: ${reason || `it exited with ${exitCode}`}` }
}
