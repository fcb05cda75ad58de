import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { folderOf } from '../../src/core/infrastructure.ts'
import type { EnvironmentSettings } from '../../src/core/site.ts'
import { claimVoid, interrupt, interruptOnce, look, run, runOnce } from '../../src/tools/run.ts'
import { applyArgv, environmentFor, initArgv, planArgv } from '../../src/tools/terraform.ts'
import { copyTree } from '../../src/tools/tree.ts'
import type { DemoFolder } from './folder.ts'
import { root } from './parts/program.ts'
import { waitFor } from './parts/wait.ts'

/** Longer than the lock of a Terraform that was killed lasts in Consul (about 40 s). */
const LOCK_TIMEOUT = '90s'
const SECONDS = 1000

/**
 * Ends every Terraform that a worker left running: asked once, as a cancel does, so that it writes its state; killed only when a
 * minute did not help.
 */
export async function interruptTerraform(folder: DemoFolder): Promise<void> {
  const processes = [...globSync(join(folder.work, 'runs/*/*/process')), ...globSync(join(folder.teardown, '*/*'))]
  await Promise.all(processes.map(endProcess))
}

async function endProcess(process: string): Promise<void> {
  const stands = async (...states: string[]) => states.includes((await look(process)).state)
  if (await stands('absent')) return
  const begun = waitFor(async () => !(await stands('starting')), { what: 'a process to start', within: '5s' })
  await begun.catch(() => claimVoid(process))
  await interruptOnce(process)
  const over = () => waitFor(async () => !(await stands('running')), { what: 'Terraform to end', within: '60s' })
  await over().catch(async () => {
    await interrupt(process, 'SIGKILL')
    await over()
  })
}

/**
 * Destroys what an environment's state holds, from a copy of its stack. Each command is a process of its own that no Ctrl-C
 * reaches and that ends by itself if we are killed. Throws with Terraform's words when it fails.
 */
export async function destroy(name: string, environment: EnvironmentSettings, given: Destruction): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-teardown-'))
  const steps = join(given.folder.teardown, name)
  rmSync(steps, { recursive: true, force: true })
  try {
    const stack = join(scratch, 'stack')
    await copyTree(folderOf(environment.stack), stack)
    const planFile = join(scratch, 'plan.tfplan')
    const env = terraformEnvironment(environment, given.settings)
    const step = (verb: string, argv: string[], seconds: number) =>
      runStep({ dir: join(steps, verb), argv: [environment.terraform, ...argv], cwd: stack, env, seconds })
    const { backend, variables } = environment
    await step('init', initArgv({ backendConfig: backend.config }), 60)
    const planned = planArgv({ planFile, lockTimeout: LOCK_TIMEOUT, variables, destroy: true })
    if ((await step('plan', planned, 120)) === 0) return false
    await step('apply', applyArgv({ planFile, lockTimeout: LOCK_TIMEOUT }), 240)
    return true
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

type Destruction = { readonly folder: DemoFolder; readonly settings: Readonly<Record<string, string>> }
type Step = { dir: string; argv: string[]; cwd: string; env: Record<string, string>; seconds: number }

/** The same variables as a worker gives: what the site names, and nothing else. */
function terraformEnvironment(
  { workspace, pass, secrets }: EnvironmentSettings,
  settings: Readonly<Record<string, string>>,
) {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...settings }
  return environmentFor({
    path: environment.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    home: environment.HOME ?? '/',
    workspace,
    inherit: environment,
    pass: Object.fromEntries([...pass, ...secrets].map((name) => [name, environment[name]])),
  })
}

/** When its time is up it is interrupted once, and killed if half a minute later it is still there. */
async function runStep({ dir, argv, cwd, env, seconds }: Step): Promise<number> {
  const signal = AbortSignal.timeout(seconds * SECONDS)
  const force = setTimeout(() => void interrupt(dir, 'SIGKILL').catch(() => false), (seconds + 30) * SECONDS)
  const end = await runOnce(dir, { argv, cwd, env }, { signal, pollEvery: 100 }).finally(() => clearTimeout(force))
  if (end.end === 'ended' && (end.exitCode === 0 || end.exitCode === 2)) return end.exitCode
  const how = end.end === 'ended' ? `exited with ${end.exitCode}` : 'was killed'
  const late = signal.aborted ? ` after ${seconds} s` : ''
  throw new Error(`terraform ${argv[1]} ${how}${late}: ${reasonOf(end)}`)
}

/** The errors of a `-json` stream, or what a command without one wrote to its standard error. */
function reasonOf({ out, err }: { out: string; err: string }): string {
  const errors = linesOf(out).filter((line) => line.startsWith('{') && line.includes('"@level":"error"'))
  const messages = errors.map((line) => (JSON.parse(line) as { '@message': string })['@message'])
  const lines = messages.length > 0 ? messages : linesOf(err)
  return lines.slice(0, 4).join(' ').slice(0, 600) || 'it gave no reason'
}

function linesOf(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

/** Nothing listens on the port of the discard service: for when there is no Consul (any more) to take them out of. */
const NO_CONSUL = 'http://127.0.0.1:9'

/**
 * Ends instances by the stack's own program: those that no state knows, or that nothing else could end. It finds their processes
 * by command line, so that nobody else's is touched.
 */
export async function stopInstances(folder: DemoFolder, consul = NO_CONSUL): Promise<number> {
  const dirs = globSync(join(folder.instances, '*/main.mjs')).map((file) => dirname(file))
  const program = [process.execPath, join(root, 'examples/stacks/loadtest/instance/main.mjs'), 'stop']
  const { PATH = '' } = process.env
  for (const dir of dirs) {
    const env = { PATH, CONSUL_HTTP_ADDR: consul, INSTANCE_DIR: dir }
    await run(program, { cwd: '/', env, timeout: 20 * SECONDS })
    rmSync(dir, { recursive: true, force: true })
  }
  return dirs.length
}
