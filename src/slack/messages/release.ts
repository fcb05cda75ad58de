import type { KnownBlock } from '@slack/types'
import { nameOfId } from '../../core/actor.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver, outputOf, stageOf } from '../../core/execution.ts'
import { dayAndClock } from '../../core/judgment.ts'
import type { Standing } from '../../core/release.ts'
import { standingOf } from '../../core/release.ts'
import { section } from './blocks.ts'
import { code, people, plain } from './text.ts'
import { stagesOf } from './view.ts'

/** What a release brings, what was live before it, and what stands there now. */
export function releaseBlocks(execution: Execution): KnownBlock[] {
  const standing = standingOf(execution)
  if (!standing) return []
  const { artifacts, needed } = standing
  const made = needed ? artifacts.slice(0, 3).map((artifact) => `📦 ${code(artifact)}`) : []
  const lines = [headOf(standing), ...beforeLines(standing), ...made, ...baseLines(standing)]
  return [section(...lines, ...releaseLines(execution))]
}

/** How the release stands, in a line or two; nothing for an execution that is none. */
export function releaseLines(execution: Execution): string[] {
  const standing = standingOf(execution)
  return standing ? [nowLine(standing, execution), ...drainedLines(execution), ...wayOut(standing, execution)] : []
}

/** What an approval sets going. */
export function followLines(execution: Execution, { input }: StageRun): string[] {
  const follows = Array.isArray(input.follows) ? input.follows.filter((line) => typeof line === 'string') : []
  const standing = standingOf(execution)
  const all = [...follows, ...(standing && follows.length > 0 ? [wayBack(standing)] : [])]
  if (all.length === 0) return []
  const empty = typeof input.show === 'string' && outputOf(execution, input.show)?.needsApply === false
  const head = `*What an approval sets going*${empty ? ' (Terraform itself has nothing to do)' : ''}`
  return [head, ...all.map((line, at) => `${at + 1}. ${plain(line)}`)]
}

/** What happens where the release fails on its way: it depends on what stands there. */
function wayBack({ old, version, mayReturn }: Standing): string {
  if (!mayReturn)
    return `If any of this fails: all stays as it is, since ${old ? `${old} never took over` : 'there is nothing else'}`
  if (old === '') return `If any of this fails: ${version} is removed again, and nothing is live, as before`
  return `If any of this fails: back to ${old} first, then ${version} is removed`
}

/** The stages that take a release back are shown only once there is something to take back. */
export function isHidden({ recovers, startedAt, state }: StageRun): boolean {
  return recovers !== undefined && startedAt === null && ['pending', 'skipped', 'canceled'].includes(state)
}

function headOf({ service, environment, old, version, needed, first }: Standing): string {
  const where = `*${plain(service)}* in ${plain(environment)}`
  if (!needed) return `🚀 ${where}: ${code(version)}`
  return `🚀 ${where}: ${old ? `${code(old)} → ${code(version)}` : `${code(version)}, ${first ? 'the first one there' : 'nothing is live there now'}`}`
}

function beforeLines({ old, oldSince, oldBy, needed, version }: Standing): string[] {
  const before = needed ? old : version
  if (!before || oldSince === null) return []
  const by = oldBy ? people(`, by ${nameOfId(oldBy)}`) : ''
  return [`${code(before)}: live since ${dayAndClock(oldSince)}${by}`]
}

function baseLines({ base, baseBad, needed }: Standing): string[] {
  if (!base || !needed) return []
  return [baseBad ? `⚠️ On the base ${code(base)} (marked bad)` : `On the base ${code(base)}`]
}

/** Where it is live already, no stage looked at its health: what Consul said is told as it is. */
function alreadyLine({ version, environment, passing, wanted }: Standing): string {
  const place = plain(environment)
  if (passing === null || passing >= wanted) return `🟢 ${code(version)} is live in ${place} already; nothing was run.`
  return `⚠️ Terraform has ${code(version)} in ${place}, and ${passing} of ${wanted} instances pass in Consul; nothing was run.`
}

function nowLine(standing: Standing, execution: Execution): string {
  const { version, old, serves, there, oldThere, needed, returned, unsure, canary } = standing
  const place = plain(standing.environment)
  if (!needed) return alreadyLine(standing)
  if (returned !== 'no') {
    const back = old ? `↩️ *Returned to* ${code(old)}` : `↩️ *Taken back*: nothing of ${plain(standing.service)} is live`
    return returned === 'done'
      ? `${back}; ${code(version)} is removed.`
      : `${back}; ${code(version)} still stands beside it, out of service.`
  }
  const live = serves ? `🟢 ${code(serves)} is live in ${place}` : `⚪ Nothing is live in ${place} yet`
  if (serves === version && oldThere)
    return `${live}; ${unsure ? `how much of ${code(old)} is left, Terraform knows` : `${code(old)} stands beside it, out of service`}.`
  if (serves === version) return `${live}${old ? `; ${code(old)} is removed.` : '.'}`
  if (unsure) return `${live}; how far ${code(version)} is, Terraform knows.`
  if (!there) return `${live}.`
  const failed = ['failed', 'unknown'].includes(stageOf(execution, 'switch')?.state ?? '')
  const idle = canary ? 'some of it in service (canary)' : 'out of service'
  const how = failed ? 'whether it is in service, Consul knows' : idle
  return `${live}; ${code(version)} stands beside it, ${how}.`
}

function drainedLines(execution: Execution): string[] {
  return stagesOf(execution, 'release.drain').flatMap(({ id }) => {
    const said = outputOf(execution, id)?.said
    return typeof said === 'string' && said ? [`🚰 ${plain(said)}`] : []
  })
}

/** Where it ended halfway: how to go on, and how to go back. */
function wayOut(
  { needed, returned, there, oldThere, serves, version, old, service, environment }: Standing,
  execution: Execution,
): string[] {
  if (!isOver(execution) || !needed || execution.status === 'succeeded' || returned === 'done') return []
  const to = (target: string) => code(`deploy ${service} ${target} --to ${environment}`)
  if (returned === 'serving') return [`Finish the return: ${to(old || version)}`]
  if (serves === version) return oldThere ? [`Finish it: ${to(version)}. Go back: ${to(old)}`] : []
  return there ? [`Finish it: ${to(version)}${old ? `. Take it away: ${to(old)}` : ''}`] : []
}
