import type { KnownBlock } from '@slack/types'
import { nameOfId } from '../../core/actor.ts'
import type { BuildOutput, PrepareOutput } from '../../core/bake.ts'
import { readBuildOutput, readPrepareOutput } from '../../core/bake.ts'
import type { ImageArtifact } from '../../core/catalogue.ts'
import { artifactText } from '../../core/catalogue.ts'
import type { Claim } from '../../core/environment.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { outputOf } from '../../core/execution.ts'
import { dayAndClock } from '../../core/judgment.ts'
import { isImage } from '../../core/target.ts'
import { context, listed, section } from './blocks.ts'
import { code, people, plain } from './text.ts'
import { stagesOf, standsStill } from './view.ts'

const MOST_ARTIFACTS = 12
const MOST_SAID = 8

/** What a bake is made of, what it made, or what was made before from the same. */
export function bakeBlocks(execution: Execution): KnownBlock[] {
  return stagesOf(execution, 'packer.prepare').flatMap((stage) => {
    const prepared = readPrepareOutput(outputOf(execution, stage.id))
    if (!prepared) return []
    const lines = [...headLines(execution, prepared), ...builtLines(execution)]
    return [section(...lines), context(sourceLine(prepared))]
  })
}

/** The same for the closing reply: which version, with which artifacts; how a bake that did not end well was cleaned up. */
export function bakeLines(execution: Execution): string[] {
  return stagesOf(execution, 'packer.prepare').flatMap((stage) => {
    const prepared = readPrepareOutput(outputOf(execution, stage.id))
    return prepared ? [...headLines(execution, prepared), ...whyLines(execution), ...builtLines(execution)] : []
  })
}

/** Whoever asks for what is being baked waits for it, and does not bake it again. */
export function joinLines({ command, args, environment }: Execution, lock: Claim | null): string[] {
  const joins = command === 'bake' && isImage(environment) && lock?.line.startsWith('bake ')
  if (!joins || !lock || args.rebake === true) return []
  return [
    `🤝 It joins ${code(lock.execution)}: from the same inputs nothing is baked twice, and this ends with the artifacts of that one.`,
  ]
}

function headLines(execution: Execution, prepared: PrepareOutput): string[] {
  const { image, version, base, found } = prepared
  const name = code(`${image} ${version}`)
  const on = base ? ` on ${code(`${base.image} ${base.version}`)}` : ''
  if (!found) return [`*${published(execution) ? 'Baked' : 'Image'}*: ${name}${on}`]
  const joined = found.at >= execution.createdAt
  const by = people(`${nameOfId(found.by)} at ${dayAndClock(found.at)}`)
  const how = joined ? `It joined ${code(found.execution)}, which` : `${code(found.execution)}`
  return [
    `♻️ *Nothing was baked*: the same inputs are ${name}${on} already. ${how} baked it for ${by}.`,
    ...artifactLines(found.artifacts),
  ]
}

function published(execution: Execution): boolean {
  return stagesOf(execution, 'image.publish').some(({ state }) => state === 'succeeded')
}

function builtLines(execution: Execution): string[] {
  return stagesOf(execution, 'packer.build').flatMap((stage) => {
    const built = readBuildOutput(outputOf(execution, stage.id))
    const lines = built ? [...artifactLines(built.artifacts), ...brokenLines(stage, built)] : []
    return stage.state === 'unknown' ? [...lines, MAY_BE_LEFT] : lines
  })
}

/** What to look for where nobody saw the end: Packer takes these away itself, if it can. */
const MAY_BE_LEFT =
  '🔎 *What may be left*: instances, volumes, key pairs and security groups that Packer made for the bake (their names begin with `packer`), its temporary files, and files in the folder of the artifacts. The catalogue has nothing of it.'

/** Why it was called off; the message itself says that beside the stage. */
function whyLines(execution: Execution): string[] {
  return stagesOf(execution, 'packer.build').flatMap(({ outcome, startedAt }) =>
    outcome?.kind === 'canceled' && startedAt !== null ? [plain(outcome.why, 400)] : [],
  )
}

function artifactLines(artifacts: readonly ImageArtifact[]): string[] {
  const lines = artifacts.map((artifact) => `📦 ${code(artifactText(artifact))}`)
  return listed(lines, MOST_ARTIFACTS)
}

/** What Packer cleaned up by its own words, and what nobody did. */
function brokenLines({ outcome }: StageRun, { cleaned, left }: BuildOutput): string[] {
  if (!outcome || outcome.kind === 'succeeded') return []
  const said = cleaned.map((line) => `🧹 ${code(line)}`)
  const more = left.map((line) => `⚠️ ${code(line)}`)
  const none = outcome.kind === 'canceled' && left.length === 0 ? ['Nothing of it is known to be left.'] : []
  return [...listed(said, MOST_SAID), ...listed(more, MOST_SAID), ...none]
}

/** What came after a bake that is over. */
export function afterBake(execution: Execution): string | null {
  if (!standsStill(execution) || stagesOf(execution, 'packer.build').length === 0) return null
  if (execution.status !== 'unknown') return null
  return `see the log in this thread and look for what Packer may have left; then *Leave it* gives the lock back.`
}

function sourceLine({ key, commit, packer, base }: PrepareOutput): string {
  const parts = [
    `bake key ${code(key.slice(0, 12))}`,
    commit && `commit ${code(commit.slice(0, 7))}`,
    base && `base ${code(`${base.image} ${base.version}`)}`,
    packer && `Packer ${code(packer)}`,
  ]
  return parts.filter(Boolean).join(' · ')
}
