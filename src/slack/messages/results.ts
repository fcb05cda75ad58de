import type { KnownBlock } from '@slack/types'
import type { Execution, StageRun } from '../../core/execution.ts'
import { outputOf } from '../../core/execution.ts'
import type { ApplyOutput, HealthOutput } from '../../core/report.ts'
import { readApplyOutput, readHealthOutput } from '../../core/report.ts'
import { bakeBlocks } from './bake.ts'
import { listed, section } from './blocks.ts'
import { loadBlocks } from './load.ts'
import { code, people, plain } from './text.ts'
import { labelOf, stagesOf } from './view.ts'

const MOST_LISTED = 10
const MOST_INSTANCES = 4
const MOST_SICK = 3

type Service = HealthOutput['services'][number]

/** What the stages that change something left behind. */
export function resultBlocks(execution: Execution): KnownBlock[] {
  const applies = stagesOf(execution, 'terraform.apply').flatMap((stage) => applyBlocks(execution, stage))
  const health = healthLines(execution)
  return [
    ...loadBlocks(execution),
    ...bakeBlocks(execution),
    ...applies,
    ...(health.length > 0 ? [section(...health)] : []),
    ...driftBlocks(execution),
  ]
}

/** What a look for drift came to; the plans themselves stand below it. */
function driftBlocks(execution: Execution): KnownBlock[] {
  return stagesOf(execution, 'drift').flatMap((stage) => {
    const headline = outputOf(execution, stage.id)?.headline
    return typeof headline === 'string' ? [section(`🌊 ${people(headline)}`)] : []
  })
}

/** One line a service, with the addresses of a few instances or what is wrong with those that do not pass. */
export function healthLines(execution: Execution): string[] {
  return stagesOf(execution, 'health').flatMap((stage) => {
    const health = readHealthOutput(outputOf(execution, stage.id))
    return health?.services.flatMap(serviceLines) ?? []
  })
}

/** What the last apply says may safely be done next. */
export function nextStep(execution: Execution): string | undefined {
  const steps = stagesOf(execution, 'terraform.apply').map(
    (stage) => readApplyOutput(outputOf(execution, stage.id))?.next,
  )
  const last = steps.findLast(Boolean)
  return last && people(last)
}

function applyBlocks(execution: Execution, stage: StageRun): KnownBlock[] {
  const apply = readApplyOutput(outputOf(execution, stage.id))
  if (!apply || !stage.outcome) return []
  const head = section(`${labelOf(stage)}*${plain(apply.headline, 500)}*`, ...emptyLine(apply))
  if (stage.outcome.kind === 'succeeded') return [head]
  const failed = apply.failed.map(failedLine)
  const { more } = apply
  return [
    head,
    list('✅ Done', apply.done.map(address), more.done),
    list('❌ Failed or tainted', failed, more.failed),
    list('▫️ Never started', apply.notStarted.map(address), more.notStarted),
    ...(apply.unsure.length + more.unsure > 0 ? [list('❓ Nobody knows', apply.unsure.map(address), more.unsure)] : []),
    ...(apply.next ? [section(`*Next*: ${people(apply.next)}`)] : []),
  ]
}

/** The reason often begins with the address already. */
function failedLine({ address, error, tainted }: ApplyOutput['failed'][number]): string {
  const line = error.startsWith(address) ? code(error, 300) : `${code(address)}${error ? `: ${code(error, 300)}` : ''}`
  return `${line}${tainted ? ' (tainted)' : ''}`
}

function address(text: string): string {
  return code(text)
}

/** Its heading counts all of it, also what the stage has left out. */
function list(title: string, lines: readonly string[], leftOut: number): KnownBlock {
  const count = lines.length + leftOut
  return section(`*${title}*: ${count || 'none'}`, ...listed(lines, MOST_LISTED, leftOut))
}

function emptyLine({ destroy, empty }: ApplyOutput): string[] {
  if (!destroy || empty === null) return []
  return [empty ? 'Destroyed: the state is empty.' : 'Not everything is destroyed: the state still holds resources.']
}

function serviceLines(service: Service): string[] {
  const { wanted, passing, registered, sick } = service
  const well = passing >= wanted && sick.length === 0
  const others = registered > passing ? `, ${registered} registered` : ''
  const line = `${well ? '🟢' : '🔴'} ${plain(service.service)}: ${passing}/${wanted} passing${others}${addresses(service)}`
  const wrong = sick.map(
    ({ id, status, output }) => `${code(id)} ${plain(status)}${output ? `: ${code(output, 160)}` : ''}`,
  )
  return [line, ...listed(wrong, MOST_SICK)]
}

function addresses({ instances }: Service): string {
  const known = instances.filter(({ address }) => address)
  if (known.length === 0) return ''
  const left = known.length - MOST_INSTANCES
  const shown = known.slice(0, MOST_INSTANCES).map(({ address }) => code(address))
  return ` at ${shown.join(', ')}${left > 0 ? ` … +${left} more` : ''}`
}
