import { UserError } from '../errors.ts'
import { run } from './run.ts'

export type { Manifest, ManifestArtifact } from './packer/manifest.ts'
export { artifactsOf, readManifest } from './packer/manifest.ts'
export type { BuilderRecord, BuildRecord } from './packer/record.ts'
export { beginBuild, failureText, progressText, recordLine } from './packer/record.ts'
export { type PackerLine, readLine, uiText } from './packer/stream.ts'

type Environment = Record<string, string>

/** What Packer may inherit from the program that runs it. Credentials are not in the list: a site names those itself. */
const INHERITED =
  /^(LANG|LC_[A-Z]+|TZ|TMPDIR|PACKER_PLUGIN_PATH|PACKER_CONFIG_DIR|CONSUL_HTTP_ADDR|SSL_CERT_(FILE|DIR)|(HTTPS?|NO)_PROXY|https?_proxy|no_proxy)$/

/** Settings that would change what is run, or write a log with secrets in it somewhere. */
const FORBIDDEN = /^(PACKER_LOG(_PATH)?|PACKER_CONFIG|PACKER_RUN_UUID|PACKER_WRAP_COOKIE|CHECKPOINT_DISABLE)$/

export type EnvironmentOptions = {
  path: string
  home: string
  /** The caller's whole environment: only what stands in the list of harmless names is taken from it. */
  inherit?: Readonly<Environment>
  /** Variables that the site names, taken as they are (credentials, `PKR_VAR_...`). */
  pass?: Readonly<Environment>
}

/** The complete environment of a Packer process: it cannot call home, and sees nothing that was not listed. */
export function packerEnvironment({ path, home, inherit = {}, pass = {} }: EnvironmentOptions): Environment {
  const forbidden = Object.keys(pass).filter((name) => FORBIDDEN.test(name))
  if (forbidden.length > 0)
    throw new UserError(`${forbidden.join(', ')} may not be passed to Packer. Take it out of the image's \`pass\`.`)
  const inherited = Object.entries(inherit).filter(([name]) => INHERITED.test(name))
  return {
    LANG: 'C.UTF-8',
    ...Object.fromEntries(inherited),
    ...pass,
    PATH: path,
    HOME: home,
    CHECKPOINT_DISABLE: '1',
    PACKER_NO_COLOR: '1',
  }
}

export type Variables = Readonly<Record<string, string | number | boolean>>

/** Arguments after the program's name, as of all builders here. `template` is relative to the folder that Packer runs in. */
export function validateArgv(template: string, variables: Variables): string[] {
  return ['validate', ...variableItems(variables), template]
}

/** Packer says on standard output line by line what it does; see packer/stream.ts for the format. */
export function buildArgv(template: string, variables: Variables): string[] {
  return ['-machine-readable', 'build', '-color=false', ...variableItems(variables), template]
}

/** Fetches the plugins that a template asks for. Packer has it since 1.7.0, and only for HCL. */
export function initArgv(template: string, version: string): string[] | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const has = major > 1 || (major === 1 && minor >= 7)
  return has && !template.endsWith('.json') ? ['init', template] : null
}

/** `1.6.6`. A program that is missing or is no Packer is a `UserError`. */
export async function packerVersion(bin: string, env: Readonly<Environment>, signal?: AbortSignal): Promise<string> {
  const settings = { cwd: '/', env, timeout: 60_000, ...(signal && { signal }) }
  const { exitCode, stdout, stderr } = await run([bin, 'version'], settings)
  const version = /^Packer v(\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1]
  if (exitCode === 0 && version) return version
  throw new UserError(
    `Expected \`${bin} version\` to name a version of Packer, but it exited with ${exitCode}: ${(stderr || stdout).trim().slice(0, 500)}`,
  )
}

function variableItems(variables: Variables): string[] {
  return Object.entries(variables).flatMap(([name, value]) => ['-var', `${nameOf(name)}=${value}`])
}

function nameOf(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) return name
  throw new UserError(`\`${name}\` cannot be the name of a Packer variable: use letters, digits, _ and -.`)
}
