import { z } from 'zod'
import type { PrepareOutput } from '../core/bake.ts'
import { rebakeLine } from '../core/bake.ts'
import type { ImageVersion } from '../core/catalogue.ts'
import { freeVersion, generatedVersion, isBad, versionOf } from '../core/catalogue.ts'
import type { Fields, Outcome, RunContext, StageKind } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { createConsul } from '../tools/consul.ts'
import { commitOf } from '../tools/git.ts'
import { validateArgv } from '../tools/packer.ts'
import { copyTree, packTree, treeDigest } from '../tools/tree.ts'
import type { Catalogue } from './catalogue.ts'
import { createCatalogue } from './catalogue.ts'
import { sha256 } from './digest.ts'
import type { BakePlace } from './packer-place.ts'
import { bakePlace, givenNames, PackerRefusal, packer, packerInit, templateOf, variablesOf } from './packer-place.ts'

const input = z.strictObject({
  version: versionOf().optional(),
  /** The version of the base image to build on; without it the newest that is not marked bad. */
  from: versionOf().optional(),
  /** Bake even where the same was baked before. */
  rebake: z.boolean().default(false),
})
type Input = z.infer<typeof input>

/**
 * Copies the template, finds the base, and says by which key this bake is known: where the same was baked before, nothing has to be
 * baked (`needsApply: false`) and `version` is that one. Else Packer has accepted the template.
 */
export const packerPrepare: StageKind<Input> = {
  kind: 'packer.prepare',
  input,
  repeatable: true,
  plan({ version, from, rebake }, { image }) {
    if (!image) throw new Error('Packer stages need an image: give the command one.')
    if (from !== undefined && image.base === undefined)
      throw new UserError(`The image ${image.name} is built on no other image, so \`--from\` says nothing here.`)
    return { ...(version === undefined ? {} : { version }), ...(from === undefined ? {} : { from }), rebake }
  },
  run: (fields, context) => prepare(input.parse(fields), context).catch((error: unknown) => refused(error, context)),
}

/** The catalogue as a worker reaches it. */
export function catalogueOf({ inherit }: RunContext): Catalogue {
  return createCatalogue(createConsul(inherit.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500', inherit.CONSUL_HTTP_TOKEN))
}

async function prepare(wish: Input, context: RunContext): Promise<Outcome> {
  const { image } = context
  context.progress('copying the template')
  const { folder, template } = await templateOf(context)
  const place = await bakePlace(context, (tree) => copyTree(folder, tree))
  const catalogue = catalogueOf(context)
  const base = image.base === undefined ? null : await baseOf(catalogue, image.name, image.base, wish.from)
  const bound: Bound = {
    tree: await treeDigest(place.tree),
    template,
    variables: image.variables,
    passed: variablesPassed(context),
    base,
    commit: await commitOf(folder, place.env),
    packer: place.version,
  }
  const key = bakeKey(bound)
  const versions = await catalogue.list(image.name)
  const same = wish.rebake ? undefined : sameBake(versions, key, wish.version)
  const { tree, variables, commit } = bound
  const known = { image: image.name, key, base, commit, packer: bound.packer, tree, variables, template }
  if (same) return offered({ ...known, version: same.version, needsApply: false, found: foundOf(same) }, versions, wish)
  const chosen = chosenVersion(image.name, versions, wish, context.now())
  const prepared = { ...known, version: chosen, needsApply: true, found: null }
  await accept(prepared, context, place)
  return { kind: 'succeeded', output: prepared }
}

/** Everything that goes into an image. Two of the same give the same key; any difference gives another. */
type Bound = Pick<PrepareOutput, 'tree' | 'template' | 'variables' | 'base' | 'commit' | 'packer'> & {
  readonly passed: readonly (readonly [string, string])[]
}

function bakeKey({ tree, template, variables, passed, base, commit, packer }: Bound): string {
  const sorted = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(JSON.stringify([tree, template, sorted, passed, base, commit, packer]))
}

/** Variables of the template that come from the worker's environment; what the site calls secret is no part of the key. */
function variablesPassed({ image, passed }: RunContext): [string, string][] {
  return image.pass
    .filter((name) => name.startsWith('PKR_VAR_') && !image.secrets.includes(name))
    .sort()
    .map((name) => [name, passed[name] ?? ''])
}

/** The base to build on. Throws a `UserError` when there is none, or when somebody marked it bad. */
async function baseOf(catalogue: Catalogue, image: string, base: string, from: string | undefined) {
  const found = from === undefined ? await newest(catalogue, image, base) : await catalogue.named(base, from)
  if (isBad(found)) {
    const { mark } = found
    throw new UserError(
      `\`${base} ${found.version}\` is marked bad${mark?.why ? ` (${mark.why})` : ''}, so that nothing is built on it. \`images list ${base}\` shows the others.`,
    )
  }
  return { image: base, version: found.version, artifacts: found.artifacts }
}

async function newest(catalogue: Catalogue, image: string, base: string): Promise<ImageVersion> {
  const versions = await catalogue.list(base)
  const good = versions.find((each) => !isBad(each))
  if (good) return good
  const why = versions.length > 0 ? 'every version of it is marked bad' : 'no version of it was baked yet'
  throw new UserError(`${image} is built on the image ${base}, and ${why}. First: \`bake ${base}\`.`)
}

/** A finished bake of the same: the version that was asked for, or the newest. A bad one is no reason not to bake. */
function sameBake(versions: readonly ImageVersion[], key: string, wanted: string | undefined) {
  const same = versions.filter((each) => each.key === key && !isBad(each))
  return same.find(({ version }) => version === wanted) ?? same[0]
}

function foundOf({ version, execution, by, at, artifacts }: ImageVersion) {
  return { version, execution, by, at, artifacts }
}

function chosenVersion(image: string, versions: readonly ImageVersion[], { version }: Input, now: number): string {
  const taken = (wanted: string) => versions.some((each) => each.version === wanted)
  if (version === undefined) return generatedVersion(now, taken)
  if (!taken(version)) return version
  const there = versions.find((each) => each.version === version)
  throw new UserError(
    `\`${image} ${version}\` is there already, baked by \`${there?.execution}\`, and a version is never written over. Free is for example \`--version ${freeVersion(version, taken)}\`.`,
  )
}

function offered(output: PrepareOutput & Fields, versions: readonly ImageVersion[], wish: Input): Outcome {
  const taken = (wanted: string) => versions.some((each) => each.version === wanted)
  const next = freeVersion(wish.version ?? output.version, taken)
  const offers = [{ label: 'Bake anyway', line: rebakeLine(output.image, next, wish.from) }]
  return { kind: 'succeeded', output: { ...output, offers } }
}

/** Packer checks the template, and what was checked travels to the worker that builds it. */
async function accept(prepared: PrepareOutput, context: RunContext, place: BakePlace): Promise<void> {
  const { template } = prepared
  await context.artifacts.put('template', await packTree(place.tree))
  await packerInit(context, place, template)
  context.progress('packer validate')
  await packer(context, place, validateArgv(template, await variablesOf(prepared, place)))
}

/** Of what Packer refused people see the first words; all that it said is a file. */
async function refused(error: unknown, { image, artifacts }: RunContext): Promise<Outcome> {
  if (!(error instanceof PackerRefusal)) throw error
  await artifacts.put(error.file, Buffer.from(error.said))
  const names = givenNames(image.base).map((name) => `\`${name}\``)
  const help = ` Every template is given the variables ${names.join(', ')} and has to declare them.`
  return {
    kind: 'failed',
    error: `${error.message}${/variable/i.test(error.said) ? help : ''}`,
    output: { files: [error.file] },
  }
}
