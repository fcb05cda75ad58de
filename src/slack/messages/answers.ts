import type { KnownBlock } from '@slack/types'
import type { Answer } from '../../core/workflow.ts'
import type { Message } from '../limits.ts'
import { fit, SLACK } from '../limits.ts'
import { actions, context, section } from './blocks.ts'
import { lineButtons } from './line-buttons.ts'
import { code, people } from './text.ts'

/** An answer as the person sees it, in as many sections as it needs, with its buttons. `note` says what became of its file. */
export function answerMessage(answer: Answer, note?: string): Message {
  const text = people(answer.text)
  const noted = note ? [context(people(note))] : []
  return fit({ text, blocks: [...sections(text), ...noted, ...actions(lineButtons(answer))] })
}

/** Why something was not done, in the words of a `UserError`. */
export function refusalMessage(text: string): Message {
  const shown = `⛔ ${people(text)}`
  return fit({ text: shown, blocks: sections(shown) })
}

/** Something of ours broke: no details in the chat, but the id by which they are found in the log. */
export function errorMessage(errorId: string): Message {
  const shown = `💥 Something went wrong here, and it is not your doing. Try it once more; if it stays, tell the people who run this bot the id ${code(errorId)}: the log has the rest.`
  return fit({ text: shown, blocks: [section(shown)] })
}

/** Whole lines together, as many as a section takes. */
function sections(text: string): KnownBlock[] {
  const parts: string[] = []
  for (const line of text.split('\n')) {
    const last = parts.at(-1)
    if (last === undefined || last.length + line.length >= SLACK.section) parts.push(line)
    else parts[parts.length - 1] = `${last}\n${line}`
  }
  return parts.map((part) => section(part))
}
