import { rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { PrepareOutput } from '../core/bake.ts'
import type { RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { initArgv, packerEnvironment, packerVersion, type Variables } from '../tools/packer.ts'
import { maskFor } from './workplace.ts'

/** A place to run Packer in: a private copy of the template, the program, and an environment without anything that was not listed. */
export type BakePlace = {
  readonly bin: string
  /** The folder that Packer runs in. */
  readonly tree: string
  readonly manifest: string
  readonly baseFile: string
  readonly env: Readonly<Record<string, string>>
  readonly version: string
}

/** `fill` puts the template into the folder; nothing is done where the program of this attempt was started before. */
export async function bakePlace(context: RunContext, fill: (tree: string) => Promise<void>): Promise<BakePlace> {
  const { image, directory, inherit, passed } = context
  const tree = join(directory, 'template')
  const env = packerEnvironment({
    path: inherit.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    home: inherit.HOME ?? directory,
    inherit,
    pass: passed,
  })
  if (!context.adopted) {
    await rm(tree, { recursive: true, force: true })
    await fill(tree)
  }
  const files = { manifest: join(directory, 'manifest.json'), baseFile: join(directory, 'base.json') }
  return { bin: image.packer, tree, ...files, env, version: await packerVersion(image.packer, env, context.signal) }
}

/** The folder of a template, and the template within it as Packer is given it: a file, or `.` for all of the folder. */
export async function templateOf({ image }: RunContext): Promise<{ folder: string; template: string }> {
  const found = await stat(image.template).catch((cause: unknown) => {
    throw new UserError(`The template ${image.template} of the image ${image.name} is not there on this machine.`, {
      cause,
    })
  })
  if (found.isDirectory()) return { folder: image.template, template: '.' }
  return { folder: dirname(image.template), template: basename(image.template) }
}

type Given = Pick<PrepareOutput, 'variables' | 'version' | 'base'>

/** What a template is given besides the variables of the site, and has to declare. */
export function givenNames(base: unknown): string[] {
  return ['version', 'manifest', ...(base ? ['base_version', 'base_file'] : [])]
}

/** All variables of a bake. The base's entry of the catalogue is a JSON file, so that a template finds the artifact of its region in it. */
export async function variablesOf({ variables, version, base }: Given, place: BakePlace): Promise<Variables> {
  if (base) await writeFile(place.baseFile, JSON.stringify(base, undefined, 2))
  const own = base ? { base_version: base.version, base_file: place.baseFile } : {}
  return { ...variables, version, manifest: place.manifest, ...own }
}

/** Fetches the plugins, where this Packer does that. */
export async function packerInit(context: RunContext, place: BakePlace, template: string): Promise<void> {
  const argv = initArgv(template, place.version)
  if (argv) await packer(context, place, argv)
}

/** What Packer refused: the first words of it for a message, and all of it for a file. */
export class PackerRefusal extends UserError {
  readonly file: string
  readonly said: string

  constructor(command: string, said: string) {
    const file = `packer-${command}.txt`
    const short = said.replace(/\s+/g, ' ').slice(0, 500)
    super(`\`packer ${command}\` refused the template (all of it: ${file} in this thread): ${short}`)
    this.file = file
    this.said = said
  }
}

/** Runs Packer for seconds. Throws a `PackerRefusal` with what it said. */
export async function packer(context: RunContext, place: BakePlace, argv: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await context.run([place.bin, ...argv], {
    cwd: place.tree,
    env: place.env,
    timeout: 10 * 60_000,
    signal: context.signal,
  })
  if (exitCode === 0) return
  const lines = maskFor(context)(`${stdout}\n${stderr}`).split('\n')
  throw new PackerRefusal(argv[0] ?? '', lines.filter((line) => line.trim()).join('\n'))
}
