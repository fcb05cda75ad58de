import { readFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { PrepareOutput } from '../core/bake.ts'
import { prepareOutput } from '../core/bake.ts'
import type { ImageArtifact } from '../core/catalogue.ts'
import { artifactText } from '../core/catalogue.ts'
import type { Fields, Outcome, ProcessEnd, RunContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import type { BuildRecord } from '../tools/packer.ts'
import {
  artifactsOf,
  beginBuild,
  buildArgv,
  failureText,
  progressText,
  readLine,
  readManifest,
  recordLine,
  uiText,
} from '../tools/packer.ts'
import { survivors } from '../tools/run.ts'
import { unpackTree } from '../tools/tree.ts'
import { packerLog } from './packer-log.ts'
import type { BakePlace } from './packer-place.ts'
import { bakePlace, packerInit, variablesOf } from './packer-place.ts'
import { maskFor } from './workplace.ts'

const input = z.strictObject({ plan: z.string() })

/** Builds what was prepared, at most once: a second run would make a second instance, and pay for it. */
export const packerBuild: StageKind<z.infer<typeof input>> = {
  kind: 'packer.build',
  input,
  repeatable: false,
  plan: (fields) => fields,
  run: (fields, context) => build(input.parse({ plan: fields.plan }).plan, context),
}

async function build(plan: string, context: RunContext): Promise<Outcome> {
  const prepared = prepareOutput.parse(context.output(plan))
  const place = await bakePlace(context, async (tree) => unpackTree(await context.artifacts.get('template'), tree))
  if (!context.adopted) {
    if (place.version !== prepared.packer)
      return {
        kind: 'failed',
        error: `It was prepared with Packer ${prepared.packer}, and this worker has ${place.version}.`,
        again: plan,
      }
    await packerInit(context, place, prepared.template)
  }
  const mask = maskFor(context)
  const { end, record } = await runPacker(prepared, context, place, mask)
  await context.artifacts.put('packer-log.txt', Buffer.from(mask(await packerLog(end))))
  return outcomeOf({ context, place, end, record, mask })
}

async function runPacker(
  prepared: PrepareOutput,
  context: RunContext,
  place: BakePlace,
  mask: (text: string) => string,
) {
  let record = beginBuild()
  const argv = buildArgv(prepared.template, await variablesOf(prepared, place))
  const end = await context.process({ argv: [place.bin, ...argv], cwd: place.tree, env: place.env }, (line) => {
    const read = readLine(line)
    if (!read) return
    record = recordLine(record, read)
    const said = uiText(read)
    if (said !== null) context.log(said.replace(/^\n/, '').trimEnd(), mask)
    context.progress(mask(progressText(record)))
  })
  return { end, record }
}

const SURVIVOR_LOOKS = 10

type Ended = {
  readonly context: RunContext
  readonly place: BakePlace
  readonly end: ProcessEnd
  readonly record: BuildRecord
  readonly mask: (text: string) => string
}

/** How a build ended, by exit code and manifest alone. */
async function outcomeOf(ended: Ended): Promise<Outcome> {
  const { context, end, record, mask } = ended
  if (end.end === 'never-started') {
    if (context.signal.aborted) return { kind: 'canceled', why: 'Packer had not begun yet; nothing was made.' }
    return { kind: 'failed', error: 'Packer never began: its worker died just before. Nothing was made; ask again.' }
  }
  const files = { files: ['packer-log.txt'] }
  if (end.end === 'vanished') {
    const why = 'Packer ended without a trace: it was killed, or the machine was restarted.'
    const made = await madeOf(ended).catch(() => [])
    return { kind: 'unknown', why, output: { ...files, ...leftOf(made, await stillRunning(context)), vanished: true } }
  }
  if (end.exitCode !== 0 || context.signal.aborted) return stopped(ended, end.exitCode, files)
  const artifacts = await madeOf(ended)
  const problem = problemOf(artifacts, ended)
  if (problem) return { kind: 'failed', error: problem, output: { ...files, ...leftOf(artifacts, []) } }
  const builders = record.builders.map(({ name }) => name)
  return { kind: 'succeeded', output: { ...files, artifacts, builders: builders.map(mask) } }
}

async function stopped(ended: Ended, exitCode: number, files: Fields): Promise<Outcome> {
  const { context, record, mask } = ended
  const made = await madeOf(ended).catch(() => [])
  const running = await stillRunning(context)
  const output = { ...files, ...leftOf(made, running), cleaned: record.cleaned.map(mask) }
  if (!context.signal.aborted) return { kind: 'failed', error: mask(failureText(record)), output }
  const because = typeof context.signal.reason === 'string' ? `, since ${context.signal.reason}` : ''
  if (exitCode === 0)
    return {
      kind: 'canceled',
      why: 'Packer had finished before it could be stopped; nothing was put into the catalogue.',
      output,
    }
  const clean = record.clean
    ? 'says that it cleaned up'
    : `ended without saying that it cleaned up (exit code ${exitCode})`
  return { kind: 'canceled', why: `Packer was interrupted${because} and ${clean}.`, output }
}

/** Scripts that outlived Packer, which does not wait for them; they get a moment to end as well. */
async function stillRunning({ directory }: RunContext): Promise<string[]> {
  const look = () => survivors(join(directory, 'process'))
  let running = await look()
  for (let looks = 0; running.length > 0 && looks < SURVIVOR_LOOKS; looks++) {
    await sleep(500)
    running = await look()
  }
  return running
}

/** What Packer's own manifest names, with the paths of files as they are. */
async function madeOf({ place }: Ended): Promise<ImageArtifact[]> {
  const text = await readFile(place.manifest, 'utf8').catch((cause: unknown) => {
    throw new UserError(
      'Packer ended well but wrote no manifest, so that nobody knows what it made. The template needs `post-processor "manifest" { output = var.manifest }`.',
      { cause },
    )
  })
  return artifactsOf(readManifest(text)).map(({ files, ...artifact }) => ({
    ...artifact,
    files: files.map(({ name, size }) => ({ name: resolve(place.tree, name), size })),
  }))
}

/** A build that ended well and whose result is of no use; null when it is. */
function problemOf(artifacts: readonly ImageArtifact[], { context, place }: Ended): string | null {
  if (artifacts.length === 0) return "Packer's manifest names no artifact of this run."
  const own = artifacts.flatMap(({ files }) => files).find(({ name }) => isBelow(context.directory, name))
  if (!own) return null
  return `The template leaves ${relative(place.tree, own.name)} in the private folder of the bake, which is deleted. Give it a folder that stays, by a variable of the image.`
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return !way.startsWith('..') && !isAbsolute(way)
}

function leftOf(made: readonly ImageArtifact[], running: readonly string[]): Fields {
  return {
    left: [
      ...made.map((artifact) => `made, and not in the catalogue: ${artifactText(artifact)}`),
      ...running.map((process) => `still runs on the worker: ${process}`),
    ],
  }
}

/** Packer in a workflow: `packer.prepare({ version })`, `packer.build({ plan: 'packer.prepare' })`, then `image.publish`. */
export const packer = {
  prepare: (
    draft: Shape & { version?: string | undefined; from?: string | undefined; rebake?: boolean } = {},
  ): StageDraft => {
    const { version, from, rebake, ...shape } = draft
    const input = {
      ...(version === undefined ? {} : { version }),
      ...(from === undefined ? {} : { from }),
      ...(rebake ? { rebake } : {}),
    }
    return { kind: 'packer.prepare', input, ...shape }
  },
  build: ({ plan, ...shape }: Shape & { plan: string }): StageDraft => ({
    kind: 'packer.build',
    input: { plan },
    ...shape,
  }),
} as const
