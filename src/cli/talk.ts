import type { Actor } from '../core/actor.ts'
import { idOf, nameOf } from '../core/actor.ts'
import { entriesUnder } from '../core/command.ts'
import { rolesText } from '../core/judgment.ts'
import { UserError } from '../errors.ts'
import type { LiveButton } from './board.ts'
import type { OpenCrew } from './crew.ts'
import { shellCaller } from './crew.ts'
import { asTyped, SHORTHANDS } from './line.ts'
import { actorFor, membersOf, shellActor } from './places.ts'
import type { Pressed } from './press.ts'
import { press } from './press.ts'
import { drawAnswer } from './run.ts'

/** What a line of the shell leads to: something to say, if anything, and whether that was the last line. */
export type Heard = { readonly said: string | null; readonly leave?: true }

type Terminal = {
  readonly atTerminal: boolean
  /** Where files are kept. */
  readonly folder: string
  button(number: number): LiveButton | null
}

/** Words that the shell understands by itself; everything else is asked of the crew. */
export const OWN_WORDS = ['as', 'who', 'exit', 'quit'] as const

const HELP = [
  'In this shell besides:',
  '• a number presses the button that is drawn with it',
  '• `who`: who you are here; `as U02BOB`: act as somebody else, `as me`: as yourself (demo only)',
  '• `list`, `show ID`, `cancel ID`: short for `runs list` and so on; `exit` leaves',
].join('\n')

/** One conversation: who acts now, and the question that waits for its answer. Throws what the crew refuses. */
export function createTalk(opened: OpenCrew, { atTerminal, folder, button }: Terminal) {
  const { site, catalog, crew } = opened
  let actor: Actor = opened.actor
  let question: Extract<Pressed, { kind: 'question' }> | null = null

  async function hear(raw: string): Promise<Heard> {
    if (question) {
      const { answer } = question
      question = null
      return heard(await answer(raw))
    }
    if (!raw.trim()) return { said: null }
    const line = asTyped(raw)
    const [word = '', ...rest] = line.split(/\s+/)
    if (/^\d{1,4}$/.test(line)) return pressNumber(Number(line))
    if (rest.length === 0 && (word === 'exit' || word === 'quit')) return { said: null, leave: true }
    if (rest.length === 0 && word === 'who') return { said: await who() }
    if (word === 'as') return { said: await actAs(rest) }
    return { said: await ask(spelledOut(line, word)) }
  }

  async function pressNumber(number: number): Promise<Heard> {
    const found = button(number)
    if (!found) throw new UserError(`There is no button ${number} now. The numbers stand below the messages.`)
    return heard(await press(opened, found, { actor, atTerminal }))
  }

  function heard(pressed: Pressed): Heard {
    if (pressed.kind === 'done') return { said: pressed.said }
    question = pressed
    return { said: pressed.text }
  }

  async function ask(line: string): Promise<string> {
    const reply = await crew.ask(line, shellCaller(actor))
    if (reply.kind === 'started') return `Stored as ${reply.execution.id}.`
    const text = drawAnswer(reply.answer, folder)
    return /^(help)?$/i.test(line) ? `${text}\n${HELP}` : text
  }

  function spelledOut(line: string, word: string): string {
    const full = SHORTHANDS.get(word)
    return full && entriesUnder(catalog, word).length === 0 ? `${full}${line.slice(word.length)}` : line
  }

  async function actAs(words: readonly string[]): Promise<string> {
    const [name, ...more] = words
    if (!name || more.length > 0) {
      throw new UserError(
        `Write \`as\` and one user id, such as \`as ${membersOf(site)[0] ?? 'U01ALICE'}\`, or \`as me\`.`,
      )
    }
    actor = name === 'me' || name === idOf(shellActor()) ? shellActor() : actorFor(site, name)
    return who()
  }

  async function who(): Promise<string> {
    const roles = await crew.rolesFor(actor)
    const have = roles.length > 0 ? `has ${rolesText(roles).replaceAll('`', '')}` : 'has no role'
    const never = actor.kind === 'shell' ? ' and never approves' : ''
    return `Who acts here is ${nameOf(actor)}, who ${have}${never}.`
  }

  return { hear, who }
}
