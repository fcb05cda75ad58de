import { conditionsOf } from '../core/judgment/condition.ts'
import { choicesOf } from '../core/judgment/settings.ts'
import { childOf } from '../core/nested.ts'
import type { OnFailure } from '../core/stage/shape.ts'
import type { Window } from '../core/window.ts'
import type { Fields, Json, Stage } from '../core/workflow.ts'

/** What a failure means for the rest, where it does not end everything. */
const MEANS: Readonly<Record<OnFailure, string | null>> = {
  halt: null,
  'halt-branch': 'only its branch ends',
  'finish-then-fail': 'the other branches are finished, then it has failed',
  continue: 'it is gone on from',
}

/** The stages of a plan for people: each with what it comes after, when it is done, what its failure means, and its input. */
export function stageLines(stages: readonly Stage[]): string[] {
  return stages.flatMap((stage, at) => [
    `${at + 1}. ${headOf(stage)}`,
    ...shapeLines(stage).map((line) => `     ${line}`),
    ...inputLines(stage).map((line) => `     ${line}`),
    ...childLines(stage).map((line) => (line ? `     ${line}` : '')),
  ])
}

function headOf({ id, kind, after, recovers }: Stage): string {
  const back = recovers ? `, only where ${recovers.join(' or ')} failed` : ''
  return `${id}${id === kind ? '' : ` (${kind})`}${after.length > 0 ? `, after ${after.join(', ')}` : ''}${back}`
}

function shapeLines({ input, onFailure, retry, timeLimit, guard }: Stage): string[] {
  const means = MEANS[onFailure]
  return [
    ...conditionsOf(input).map(({ ref, is }) => `only if ${ref} is ${(Array.isArray(is) ? is : [is]).join(' or ')}`),
    ...(means ? [`if it fails: ${means}`] : []),
    ...(retry ? [`tried again: ${retry.times} times, after ${retry.wait} and then longer, up to ${retry.most}`] : []),
    ...(timeLimit ? [limitText(timeLimit)] : []),
    ...(guard && guard.windows.length > 0 ? [`begins only ${guard.windows.map(windowText).join(', or ')}`] : []),
  ]
}

function limitText({ after, grace, force }: NonNullable<Stage['timeLimit']>): string {
  return `at most ${after}, then it is interrupted${force ? `, and killed ${grace} later` : ' and waited for'}`
}

function windowText({ days, from, to, zone }: Window): string {
  return `${days.join(', ')} ${from}-${to} ${zone}`
}

/** What is said otherwise already is not said as JSON again. */
const SAID = ['conditions', 'child', 'choices']

function inputLines({ input }: Stage): string[] {
  const choices = choicesOf(input).map(({ value, rejects }) => (rejects ? `${value} (rejects)` : value))
  return [
    ...(choices.length > 0 ? [`choices: ${choices.join(', ')}`] : []),
    ...Object.entries(input).flatMap(([name, value]) =>
      value === undefined || SAID.includes(name) ? [] : fieldLines(name, value),
    ),
  ]
}

function fieldLines(name: string, value: Json): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${name}: ${textOf(value)}`]
  const fields = Object.entries(value as Fields).map(([key, one]) => `  ${key} = ${textOf(one ?? null)}`)
  return fields.length > 0 ? [`${name}:`, ...fields] : [`${name}: none`]
}

function childLines(stage: Stage): string[] {
  const child = childOf(stage)
  if (!child) return []
  const where = child.environment ? ` in ${child.environment}` : ''
  return [
    `runs \`${child.line}\`${where}, an execution of its own:`,
    ...stageLines(child.stages).map((line) => `  ${line}`),
  ]
}

function textOf(value: Json): string {
  if (value === null) return '-'
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ') || 'none'
  if (typeof value === 'object' && !Array.isArray(value) && typeof value.ref === 'string')
    return `what ${value.ref} is then`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
