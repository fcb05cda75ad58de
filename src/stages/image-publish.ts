import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { buildOutput, prepareOutput } from '../core/bake.ts'
import type { ImageVersion } from '../core/catalogue.ts'
import type { Outcome, RunContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { ConsulUnanswered } from '../tools/consul.ts'
import { catalogueOf } from './packer-prepare.ts'

const input = z.strictObject({
  /** The stage that prepared the bake, and the one that built it. */
  plan: z.string(),
  build: z.string(),
})
type Input = z.infer<typeof input>

/** A Consul that does not answer must not lose a bake of an hour. */
const PATIENCE_MS = 15 * 60_000
const ASK_EVERY_MS = 2_000

/** Writes what was built into the catalogue, as a version that is never written over. */
export const imagePublish: StageKind<Input> = {
  kind: 'image.publish',
  input,
  repeatable: true,
  plan: (fields) => fields,
  run: (fields, context) => publish(input.parse({ plan: fields.plan, build: fields.build }), context),
}

async function publish({ plan, build }: Input, context: RunContext): Promise<Outcome> {
  const { image, version, key, base, commit } = prepareOutput.parse(context.output(plan))
  const { artifacts } = buildOutput.parse(context.output(build))
  const entry: ImageVersion = {
    image,
    version,
    key,
    artifacts,
    base: base && { image: base.image, version: base.version },
    commit,
    by: context.by,
    execution: context.execution,
    at: context.now(),
    mark: null,
    releases: [],
  }
  const stored = await patiently(() => catalogueOf(context).add(entry), context)
  return { kind: 'succeeded', output: { image, version: stored.version, artifacts } }
}

async function patiently<T>(work: () => Promise<T>, context: RunContext): Promise<T> {
  const until = context.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ConsulUnanswered) || context.signal.aborted || context.now() >= until) throw error
      context.progress('Consul does not answer, it is asked again')
      await sleep(ASK_EVERY_MS)
    }
  }
}

/** The end of a bake: `image.publish({ plan: 'packer.prepare', build: 'packer.build' })`. */
export const image = {
  publish: ({ plan, build, ...shape }: Shape & Input): StageDraft => ({
    kind: imagePublish.kind,
    input: { plan, build },
    ...shape,
  }),
} as const
