import { z } from 'zod'
import { UserError } from '../errors.ts'
import { type Run, run as runHere } from './run.ts'

export { type DiagnosisKind, type Diagnostic, diagnose } from './terraform/diagnose.ts'

type Environment = Record<string, string>
type How = { signal?: AbortSignal; run?: Run }
type Where = How & { cwd: string; env: Readonly<Environment> }

/** What Terraform may inherit from the program that runs it. Credentials are not in the list: a site names those itself. */
const INHERITED =
  /^(LANG|LC_[A-Z]+|TZ|TMPDIR|TF_CLI_CONFIG_FILE|TF_PLUGIN_CACHE_DIR|CONSUL_HTTP_[A-Z_]+|CONSUL_(CACERT|CAPATH|CLIENT_CERT|CLIENT_KEY|TLS_SERVER_NAME)|SSL_CERT_(FILE|DIR)|(HTTPS?|NO)_PROXY|https?_proxy|no_proxy)$/

/** Settings that would change our arguments behind our back, or choose another state than the one that was asked for. */
const FORBIDDEN = /^(TF_CLI_ARGS(_.*)?|TF_WORKSPACE|TF_DATA_DIR|TF_IN_AUTOMATION|TF_INPUT|CHECKPOINT_DISABLE)$/

export type EnvironmentOptions = {
  path: string
  home: string
  workspace?: string
  /** The caller's whole environment: only what stands in the list of harmless names is taken from it. */
  inherit?: Readonly<Record<string, string | undefined>>
  /** Variables that the site names, taken as they are (credentials, `TF_VAR_...`). */
  pass?: Readonly<Record<string, string | undefined>>
}

/** The complete environment of a Terraform process: it cannot ask, cannot call home, and sees nothing that was not listed. */
export function environmentFor({ path, home, workspace, inherit = {}, pass = {} }: EnvironmentOptions): Environment {
  const forbidden = Object.keys(pass).filter((name) => FORBIDDEN.test(name))
  if (forbidden.length > 0) {
    throw new UserError(
      `${forbidden.join(', ')} may not be passed to Terraform: it would change the commands that were approved. Take it out of \`pass\`.`,
    )
  }
  const inherited = Object.entries(inherit).filter(([name]) => INHERITED.test(name))
  const given = [...inherited, ...Object.entries(pass)].filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return {
    LANG: 'C.UTF-8',
    ...Object.fromEntries(given),
    PATH: path,
    HOME: home,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
    ...(workspace !== undefined && { TF_WORKSPACE: workspace }),
  }
}

/** Arguments after the program's name, as of all builders here. `-reconfigure`: the copy's own past backend never matters. */
export function initArgv({ backendConfig = {} }: { backendConfig?: Readonly<Record<string, string>> } = {}): string[] {
  return ['init', '-input=false', '-reconfigure', '-no-color', ...backendConfigItems(backendConfig)]
}

function backendConfigItems(config: Readonly<Record<string, string>>): string[] {
  return Object.entries(config).map(([name, value]) => `-backend-config=${nameOf(name, 'backend setting')}=${value}`)
}

export type VariableValue = string | number | boolean

export type PlanOptions = {
  planFile: string
  lockTimeout: string
  variables?: Readonly<Record<string, VariableValue>>
  /** Files of variables, over one another in this order. */
  varFiles?: readonly string[]
  destroy?: boolean
  refreshOnly?: boolean
}

export function planArgv(options: PlanOptions): string[] {
  const { planFile, lockTimeout, variables = {}, varFiles = [], destroy, refreshOnly } = options
  if (destroy && refreshOnly) throw new Error('A plan either destroys or only refreshes, it cannot do both')
  const modes = [...(destroy ? ['-destroy'] : []), ...(refreshOnly ? ['-refresh-only'] : [])]
  const items = Object.entries(variables).map(
    ([name, value]) => `-var=${nameOf(name, 'variable')}=${plain(name, value)}`,
  )
  const fixed = [
    '-input=false',
    lockTimeoutItem(lockTimeout),
    `-out=${fileOf(planFile)}`,
    '-detailed-exitcode',
    '-json',
  ]
  return ['plan', ...fixed, ...modes, ...varFiles.map((file) => `-var-file=${file}`), ...items]
}

export function showJsonArgv(planFile: string): string[] {
  return ['show', '-json', fileOf(planFile)]
}

export function showTextArgv(planFile: string): string[] {
  return ['show', '-no-color', fileOf(planFile)]
}

/** There is no apply without a saved plan: the plan file is what was shown and approved. */
export function applyArgv({ planFile, lockTimeout }: { planFile: string; lockTimeout: string }): string[] {
  return ['apply', '-input=false', lockTimeoutItem(lockTimeout), '-json', fileOf(planFile)]
}

export function stateListArgv(): string[] {
  return ['state', 'list']
}

const versionAnswer = z.object({ terraform_version: z.string().min(1) })

/** `1.11.4`. A program that is missing or is no Terraform is a `UserError`. */
export async function version(bin: string, env: Readonly<Environment>, how: How = {}): Promise<string> {
  const { signal, run = runHere } = how
  const settings = { cwd: '/', env, timeout: 60_000, ...(signal && { signal }) }
  const { exitCode, stdout, stderr } = await run([bin, 'version', '-json'], settings)
  const answer = versionAnswer.safeParse(jsonOf(stdout))
  if (exitCode === 0 && answer.success) return answer.data.terraform_version
  throw new UserError(
    `Expected \`${bin} version -json\` to name a Terraform version, but it exited with ${exitCode}: ${(stderr || stdout).trim().slice(0, 500)}`,
  )
}

/** The addresses in the state; none where nothing was ever applied, which Terraform itself calls an error. */
export async function stateList(bin: string, where: Where): Promise<string[]> {
  const { run = runHere, ...settings } = where
  const { exitCode, stdout, stderr } = await run([bin, ...stateListArgv()], { timeout: 300_000, ...settings })
  if (exitCode === 0) return stdout.split('\n').filter((line) => line !== '')
  if (stderr.includes('No state file was found!')) return []
  throw new Error(`terraform state list exited with ${exitCode}: ${stderr.trim().slice(-2000)}`)
}

function fileOf(planFile: string): string {
  if (planFile !== '' && !planFile.startsWith('-')) return planFile
  throw new Error(`Expected the path of a plan file, found ${JSON.stringify(planFile)}`)
}

function nameOf(name: string, what: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) return name
  throw new UserError(`\`${name}\` cannot be the name of a Terraform ${what}: use letters, digits, _ and -.`)
}

function plain(name: string, value: VariableValue): string {
  if (typeof value !== 'number' || Number.isFinite(value)) return String(value)
  throw new UserError(`The variable \`${name}\` is ${value}, which is not a number that Terraform knows.`)
}

/** Terraform reads Go's durations, which have no days: `1d12h` becomes `24h12h`. */
function lockTimeoutItem(duration: string): string {
  const hours = duration.replace(/(\d+)d/g, (_, days: string) => `${Number(days) * 24}h`)
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(hours)) return `-lock-timeout=${hours}`
  throw new UserError(`\`${duration}\` is not a time to wait for the state's lock. Write it like \`60s\` or \`5m\`.`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
