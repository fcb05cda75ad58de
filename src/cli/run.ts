import type { Answer } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { drawMessage } from '../slack/draw.ts'
import { answerMessage } from '../slack/messages.ts'
import { openCrew, shellCaller } from './crew.ts'
import { SHORTHANDS, typedLine } from './line.ts'
import type { Ended, Given, RunVerb } from './verb.ts'
import { usageOf } from './verbs.ts'

/** `run`: asks the bot; its answer, or the id of the execution alone, for scripts. */
export async function runVerb(given: Given): Promise<Ended> {
  const line = typedLine(given.words)
  if (!line) throw new UserError(`\`crew run\` needs a command line.\n${usageOf('run')}`)
  const opened = await openCrew(given)
  const { crew, actor, engine } = opened
  try {
    const reply = await crew.ask(line, shellCaller(actor))
    if (reply.kind === 'answered') return { out: drawAnswer(reply.answer), code: 0 }
    const { id, line: stored } = reply.execution
    return { out: id, err: `\`${stored}\` is stored; \`crew show ${id}\` says how it goes.`, code: 0 }
  } finally {
    await engine.close()
  }
}

/** `list`, `show` and `cancel`: the same commands, with the same rights. */
export function shorthandVerb(name: string): RunVerb {
  return ({ words, ...given }) => runVerb({ ...given, words: [SHORTHANDS.get(name) ?? name, ...words] })
}

/** An answer as text, with the whole of its file where it has one. */
export function drawAnswer(answer: Answer): string {
  const { text } = drawMessage(answerMessage({ text: answer.text }))
  return answer.file ? `${text}\n\n${answer.file.name}:\n${answer.file.content}` : text
}
