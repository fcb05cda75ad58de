import type { Interface } from 'node:readline'
import { createInterface } from 'node:readline'
import { UserError } from '../errors.ts'
import { answerTo } from '../slack/desk.ts'
import { drawMessage } from '../slack/draw.ts'
import { completer } from './completion.ts'
import type { OpenCrew } from './crew.ts'
import { openCrew } from './crew.ts'
import { folderOf } from './file.ts'
import { followExecutions } from './follow.ts'
import { createScreen } from './screen.ts'
import type { Heard } from './talk.ts'
import { createTalk } from './talk.ts'
import type { Ended, Given } from './verb.ts'

/** `shell`: the same bot in the terminal. On a pipe it takes one line after the other, and ends with the last. */
export async function shellVerb(given: Given): Promise<Ended> {
  noWords(given.words)
  const opened = await openCrew(given)
  const { stdin: input, stdout: output } = process
  const atTerminal = Boolean(input.isTTY && output.isTTY)
  const reader = createInterface({
    input,
    output,
    terminal: atTerminal,
    prompt: 'crew> ',
    completer: completer(opened),
  })
  await converse(opened, reader, { atTerminal, folder: folderOf(given.env) }).finally(() => opened.engine.close())
  return { code: 0 }
}

type Place = { readonly atTerminal: boolean; readonly folder: string }

/** Lines are heard of from the first moment on, and taken in their order, each when what came of the one before is drawn. */
async function converse(opened: OpenCrew, reader: Interface, { atTerminal, folder }: Place): Promise<void> {
  const screen = createScreen(reader, process.stdout, atTerminal)
  const following = followExecutions(opened, screen.print)
  const talk = createTalk(opened, { atTerminal, folder, button: following.button })
  let left = false

  async function begin(): Promise<void> {
    await following.start()
    screen.print(`${await talk.who()} \`help\` says what may be typed.`)
    await next()
  }

  async function take(line: string): Promise<void> {
    if (left) return
    screen.taken()
    const { said, leave } = await talk.hear(line).catch((error: unknown): Heard => {
      return { said: drawMessage(answerTo(opened, error)).text }
    })
    if (said) screen.print(said)
    if (!leave) return next()
    left = true
    reader.close()
  }

  async function next(): Promise<void> {
    await following.refresh()
    screen.prompt()
  }

  const ended = new Promise<void>((resolve) => reader.once('close', resolve))
  const begun = begin()
  let last = begun.catch(() => {})
  reader.on('line', (line) => {
    last = last.then(() => take(line))
  })
  await begun
  await ended
  await last
  await following.stop()
  screen.end()
}

function noWords(words: readonly string[]): void {
  if (words.length > 0)
    throw new UserError(`\`crew shell\` takes no words; type them at its prompt, or use \`crew run\`.`)
}
