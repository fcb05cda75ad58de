import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Outcome, RunContext, StageKind } from '../core/workflow.ts'
import { stackIn } from './source.ts'
import { planNow } from './terraform-look.ts'
import type { Workplace } from './workplace.ts'
import { approvedCopy, maskFor } from './workplace.ts'

const input = z.object({
  of: z.string(),
  attempt: z.number(),
  plan: z.string(),
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
    const { lock, plan } = input.parse(fields)
    const place = await approvedCopy(context, plan)
    const now = await planNow(plan, context, place)
    if (now.problem)
      return { kind: 'failed', error: `Who holds the lock could not be seen, so nothing was released: ${now.problem}` }
    if (!now.lock) return { kind: 'succeeded', output: { said: 'The state was not locked any more.' } }
    if (now.lock.id !== lock)
      return { kind: 'failed', error: `The state is locked by another one now (${now.lock.id}); nothing was released.` }
    return said(
      context,
      await terraform(context, place, ['force-unlock', '-force', lock]),
      'The state lock was released.',
    )
  },
}

/** Pushes the state that Terraform could save only as errored.tfstate, from where it lies. Terraform itself refuses an older or foreign one. */
export const terraformPush: StageKind<Input> = {
  kind: 'terraform.push',
  input,
  repeatable: true,
  plan: (fields) => fields,
  run: async (fields, context) => {
    const { of, attempt, plan } = input.parse(fields)
    const left = join(dirname(context.directory), `${of}-${attempt}`)
    const saved = join(stackIn(left, context.environment), 'errored.tfstate')
    const place = await approvedCopy(context, plan)
    const pushed = await terraform(context, place, ['state', 'push', saved])
    if (pushed.exitCode === 0) await rename(saved, `${saved}.pushed`)
    return said(context, pushed, 'The saved state was pushed.')
  },
}

function terraform({ run }: RunContext, place: Workplace, argv: readonly string[]) {
  return run([place.bin, ...argv], { cwd: place.stack, env: place.env, timeout: 15 * 60_000 })
}

function said(context: RunContext, { exitCode, stderr }: { exitCode: number; stderr: string }, well: string): Outcome {
  if (exitCode === 0) return { kind: 'succeeded', output: { said: well } }
  const reason = maskFor(context)(stderr).replace(/\s+/g, ' ').trim().slice(0, 400)
  return { kind: 'failed', error: `Terraform refused: ${reason || `it exited with ${exitCode}`}` }
}
