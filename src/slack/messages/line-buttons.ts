import type { Button } from '@slack/types'
import type { Answer } from '../../core/workflow.ts'
import { SLACK } from '../limits.ts'
import { button } from './buttons.ts'

const BEGIN = 'line|'

/** The value of a button that runs a command line with the rights of whoever presses it: nobody gains by it what he could not type. */
function lineValue(line: string): string {
  return `${BEGIN}${line}`
}

/** The line of a click, where anything may stand; null for what is none of ours. */
export function readLineValue(value: unknown): string | null {
  const text = String(value)
  const line = text.startsWith(BEGIN) ? text.slice(BEGIN.length).trim() : ''
  return line === '' ? null : line
}

/** What an answer offers as the next thing to do. A line that is too long for a button stands in the text anyway. */
export function lineButtons({ buttons = [] }: Answer): Button[] {
  return buttons
    .filter(({ line }) => lineValue(line).length <= SLACK.value)
    .map(({ label, line }, at) => button(label, `answer.run.${at}`, { value: lineValue(line), about: '' }))
}
