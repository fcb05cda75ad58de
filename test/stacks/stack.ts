import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { type Consul, startConsul } from './consul.ts'

const stacksFolder = fileURLToPath(new URL('../../examples/stacks/', import.meta.url))

type Surroundings = { consul: Consul; settings: Record<string, string>; source: string }
export type Variables = Record<string, string | number>
export type InstanceRecord = { id: string; pid: number; port?: number; version: string; service: string }

/** A directory and a real Consul for the tests of one file, and the stacks they ask for. */
export async function openStacks(source = 'loadtest') {
  const root = mkdtempSync(join(tmpdir(), 'groundcrew-stack-'))
  const consul = await startConsul(root)
  const stacks: Stack[] = []

  function stackOf(name: string, settings: Record<string, string> = {}): Stack {
    const stack = createStack(root, name, { consul, settings, source: join(stacksFolder, source) })
    stacks.push(stack)
    return stack
  }

  /** Instances that a failed test left running end by themselves once their files are gone. */
  async function close(): Promise<void> {
    for (const stack of stacks) rmSync(stack.runDir, { recursive: true, force: true })
    for (const stack of stacks) await until('all instances end', async () => (await processes(stack)).length === 0)
    await consul.stop()
    rmSync(root, { recursive: true, force: true })
  }

  return { root, consul, stackOf, close }
}

/** One environment of the stack: its own state and run_dir, and a fresh copy of the stack for every command, as workers do. */
function createStack(root: string, name: string, { consul, settings, source }: Surroundings) {
  const statePath = `test/${name}`
  const runDir = join(root, `run-${name}`)
  const env = {
    CONSUL_HTTP_ADDR: consul.address,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_VAR_run_dir: runDir,
    ...settings,
  }

  async function copy(): Promise<string> {
    const dir = mkdtempSync(join(root, 'copy-'))
    cpSync(source, dir, { recursive: true })
    await execa('terraform', ['init', '-input=false', `-backend-config=path=${statePath}`], { cwd: dir, env })
    return dir
  }

  /** Starts a command in a group of its own, as the bot does, without waiting for it. */
  async function begin(args: string[], variables: Variables = {}) {
    const cwd = await copy()
    const vars = Object.entries(variables).map(([key, value]) => `-var=${key}=${value}`)
    const [verb = '', ...rest] = args
    const argv = [verb, '-input=false', '-no-color', '-lock-timeout=90s', ...rest, ...vars]
    const child = execa('terraform', argv, { cwd, env, reject: false, detached: true, cleanup: false, all: true })
    return { child, cwd }
  }

  async function run(args: string[], variables: Variables = {}) {
    const { child, cwd } = await begin(args, variables)
    const result = await child
    rmSync(cwd, { recursive: true })
    return { exitCode: result.exitCode, text: result.all, ms: result.durationMs }
  }

  /** Actions by address, of everything that the plan would touch. */
  async function planned(variables: Variables) {
    const { child, cwd } = await begin(['plan', '-out=plan'], variables)
    await child
    const { stdout } = await execa('terraform', ['show', '-json', 'plan'], { cwd, env })
    rmSync(cwd, { recursive: true })
    const changes: { address: string; change: { actions: string[] } }[] = JSON.parse(stdout).resource_changes
    const touched = changes.filter(({ change }) => change.actions.join() !== 'no-op')
    return Object.fromEntries(touched.map(({ address, change }) => [address, change.actions.join('+')]))
  }

  const apply = (variables: Variables) => run(['apply', '-auto-approve'], variables)
  const destroy = () => run(['destroy', '-auto-approve'])
  const instances = () => records(runDir)
  const ids = () => Object.values(records(runDir)).map(({ id }) => id)
  return { consul, statePath, runDir, begin, run, planned, apply, destroy, instances, ids }
}

export type Stack = ReturnType<typeof createStack>

/** What the instances say of themselves, by name and number (`app-0`). */
function records(runDir: string): Record<string, InstanceRecord> {
  if (!existsSync(runDir)) return {}
  const ids = readdirSync(runDir).filter((id) => existsSync(join(runDir, id, 'record.json')))
  const found = ids.map((id) => ({ id, ...JSON.parse(readFileSync(join(runDir, id, 'record.json'), 'utf8')) }))
  return Object.fromEntries(found.map((record: InstanceRecord) => [record.id.replace(/-[^-]*$/, ''), record]))
}

/** What a stack has left behind, of these instances; `nothing` after a destroy. */
export async function leftovers(stack: Stack, ids: string[]) {
  const services = Object.keys(await stack.consul.services()).filter((id) => ids.includes(id))
  const resources = (await stack.consul.state(stack.statePath))?.resources ?? []
  return { processes: await processes(stack), services, resources, files: existsSync(stack.runDir) }
}

export const nothing = { processes: [], services: [], resources: [], files: false }

/** Command lines of the instances of this stack. */
export async function processes({ runDir }: Stack): Promise<string[]> {
  const { stdout } = await execa('ps', ['-axww', '-o', 'pid=,command='])
  return stdout.split('\n').filter((line) => line.includes(`${runDir}/`))
}

/** Waits for something that another process brings about, for a minute at most. */
export async function until(what: string, happened: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await happened()); await sleep(50)) {
    if (Date.now() > end) throw new Error(`Waited a minute in vain: ${what}`)
  }
}
