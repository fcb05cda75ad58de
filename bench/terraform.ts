import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { folderOf } from '../src/core/infrastructure.ts'
import type { EnvironmentSettings } from '../src/core/site.ts'
import { run } from '../src/tools/run.ts'
import { applyArgv, environmentFor, initArgv, planArgv, showJsonArgv } from '../src/tools/terraform.ts'
import { copyTree } from '../src/tools/tree.ts'
import type { JobTimes } from './job.ts'

const LONGEST_COMMAND_MS = 60_000

type ByHand = {
  readonly environment: EnvironmentSettings | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly dir: string
  readonly signal: AbortSignal
}

/** The commands of one plan and its apply, as somebody types them in a fresh copy of the stack; then it is destroyed, uncounted. */
export async function byHand({ environment, settings, dir, signal }: ByHand): Promise<JobTimes> {
  if (!environment) throw new Error('The site of the bench has no environment for the hand.')
  const cwd = join(mkdtempSync(join(dir, 'by-hand-')), 'stack')
  await copyTree(folderOf(environment.stack), cwd)
  const terraform = terraformIn(cwd, environment, { settings, signal })
  const { backend, lock_timeout: lockTimeout, sizes } = environment
  const variables = { ...environment.variables, ...sizes.small }
  const file = { planFile: 'plan.tfplan', lockTimeout }

  const began = performance.now()
  await terraform(initArgv({ backendConfig: backend.config }))
  await terraform(planArgv({ ...file, variables }))
  await terraform(showJsonArgv(file.planFile))
  const planned = performance.now()
  await terraform(applyArgv(file))
  const applied = performance.now()

  await terraform(planArgv({ ...file, destroy: true }))
  await terraform(applyArgv(file))
  return { plan: planned - began, apply: applied - planned }
}

type Shell = Pick<ByHand, 'settings' | 'signal'>

/** One command after the other. An interrupted bench lets the running one end, so that its state is saved. */
function terraformIn(cwd: string, { terraform, workspace, pass }: EnvironmentSettings, { settings, signal }: Shell) {
  const inherit: NodeJS.ProcessEnv = { ...process.env, ...settings }
  const env = environmentFor({
    path: inherit.PATH ?? '',
    home: inherit.HOME ?? cwd,
    workspace,
    inherit,
    pass: Object.fromEntries(pass.map((name) => [name, inherit[name]])),
  })
  return async (argv: readonly string[]): Promise<void> => {
    signal.throwIfAborted()
    const { exitCode, stderr, stdout } = await run([terraform, ...argv], { cwd, env, timeout: LONGEST_COMMAND_MS })
    const fine = exitCode === 0 || (argv[0] === 'plan' && exitCode === 2)
    if (!fine) throw new Error(`terraform ${argv[0]} exited with ${exitCode}: ${(stderr || stdout).slice(-600)}`)
  }
}
