import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer, AnswerFile } from '../core/workflow.ts'
import { messageOf, UserError } from '../errors.ts'
import { drawMessage } from '../slack/draw.ts'
import { clean } from '../slack/limits.ts'
import { answerMessage } from '../slack/messages.ts'
import { openCrew, shellCaller } from './crew.ts'
import { folderOf } from './file.ts'
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
    if (reply.kind === 'answered') return { out: drawAnswer(reply.answer, folderOf(given.env)), code: 0 }
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

/** An answer as text, with the whole of its file where it has one. `folder`: where bytes are kept. */
export function drawAnswer(answer: Answer, folder: string): string {
  const { text } = drawMessage(answerMessage({ text: answer.text }))
  return answer.file ? `${text}\n\n${fileText(answer.file, folder)}` : text
}

/** What is text stands here whole; bytes would garble the terminal, so that they are kept as a file of their own, over none that is there. */
function fileText({ name, content }: AnswerFile, folder: string): string {
  // Whoever wrote it must not write to the terminal of whoever reads it.
  if (typeof content === 'string') return `${name}:\n${content.split('\t').map(clean).join('\t')}`
  try {
    writeFileSync(join(folder, name), content, { flag: 'wx', mode: 0o600 })
    return `${count(content.byteLength)} are in the file ${name}, here.`
  } catch (error) {
    return `${count(content.byteLength)} were to be kept in the file ${name}, here, which did not work: ${messageOf(error)}`
  }
}

function count(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`
}
