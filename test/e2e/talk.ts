import { waitFor } from '../../examples/demo/parts.ts'
import { actionsOf, type SlackMessage } from '../../examples/demo/slack-control.ts'
import { type Person, people } from './site.ts'
import type { World } from './world.ts'

const WITHIN = '50s'

/** One execution as its people see it. */
export type Run = { readonly id: string }

export type Button =
  | 'judgment.approve'
  | 'judgment.reject'
  | `judgment.${'approve' | 'reject'}.${number}`
  | `judgment.${'withdraw' | 'delegate'}`
  | 'execution.cancel'
  | 'execution.force'
  | 'execution.extend'
  | 'wait.now'
  | 'wait.later'
  | 'command.run'
  | `command.run.${string}`
  | `alert.${'ack' | 'silence' | 'show' | 'close' | 'runbook'}`
  | `unknown.${'plan' | 'unlock' | 'push' | 'look' | 'leave'}`

export type Talk = ReturnType<typeof talkIn>

type Place = Pick<World, 'control' | 'slack'>

/** What people do in one channel, and what they see there. */
export function talkIn(world: Place, channel: string) {
  const shown = shownIn(world, channel)
  return { channel, ...shown, ...awaitedOf(world, shown), ...doneIn(world, channel, shown) }
}

/** What the channel shows now. */
function shownIn({ control }: Place, channel: string) {
  const all = () => control.messages(channel)

  /** The message of an execution as it stands; thrown for while there is none. */
  async function message(run: Run): Promise<SlackMessage> {
    const found = (await all()).find((each) => blockId(each).startsWith(`execution-${run.id}-v`))
    if (!found) throw new Error(`There is no message of ${run.id} in ${channel}.`)
    return found
  }

  const words = async (run: Run) => wordsOf(await message(run))
  return {
    all,
    message,
    words,
    /** The word that its first line says. */
    status: async (run: Run) => /\*([^*]+)\*/.exec(await words(run))?.[1] ?? '',
    buttons: async (run: Run) => actionsOf(await message(run)).map(({ action_id }) => action_id),
    async thread(run: Run): Promise<SlackMessage[]> {
      const { ts } = await message(run)
      return (await all()).filter((each) => each.thread_ts === ts && each.ts !== ts)
    },
  }
}

type Shown = ReturnType<typeof shownIn>

/** What it will show, waited for. */
function awaitedOf({ slack }: Place, { words, thread }: Shown) {
  return {
    /** All that is shown of an execution, once it fits; a failure shows what was there instead. */
    async sees(run: Run, wanted: RegExp): Promise<string> {
      let last = ''
      const look = async () => {
        last = await words(run)
        return wanted.test(last) ? last : undefined
      }
      return waitFor(look, { what: `${wanted} of ${run.id}`, within: WITHIN, every: 100 }).catch((error: Error) => {
        throw new Error(`${error.message} Shown was:\n${last}`)
      })
    },
    /** The closing reply in the thread. */
    closing: (run: Run) =>
      waitFor(async () => (await thread(run)).find((each) => blockId(each).startsWith(`closing-${run.id}-`)), {
        what: `the closing reply of ${run.id}`,
        within: WITHIN,
      }),
    /** A file of the thread as text. */
    async file(run: Run, name: string): Promise<string> {
      const find = async () => (await thread(run)).flatMap(({ files = [] }) => files).find((file) => file.name === name)
      const file = await waitFor(find, { what: `${name} in the thread of ${run.id}`, within: WITHIN })
      const url = new URL(file.url_private, slack.url)
      const response = await fetch(url, { headers: { authorization: 'Bearer xoxb-test' } })
      if (!response.ok) throw new Error(`local-slack answered ${response.status} for ${url}.`)
      return response.text()
    },
  }
}

function doneIn({ control }: Place, channel: string, { all, message }: Shown) {
  const told = async (person: Person) => (await all()).filter((each) => each.ephemeral_to === people[person])

  /** The next private answer to somebody, after what he was told before. */
  async function answered(person: Person, act: () => Promise<unknown>): Promise<string> {
    const before = (await told(person)).length
    await act()
    const wait = { what: `an answer to ${person}`, within: WITHIN }
    return wordsOf(await waitFor(async () => (await told(person))[before], wait))
  }

  /** Types a command and gives the private answer. */
  const type = (person: Person, text: string, command = '/crew') =>
    answered(person, () => control.command({ user: people[person], channel, command, text }))

  async function pressOn(person: Person, button: Button, message: SlackMessage): Promise<void> {
    const action = actionsOf(message).find(({ action_id }) => action_id.startsWith(button))
    if (!action) throw new Error(`There is no button ${button}. Shown is:\n${wordsOf(message)}`)
    await control.press({ user: people[person], channel, messageTs: message.ts, action })
  }

  return {
    answered,
    type,
    /** Types a command that starts an execution. */
    begin: async (person: Person, text: string, command = '/crew') => runOf(await type(person, text, command)),
    /** Presses a button of a message as it was seen at some time, maybe long ago. */
    pressOn,
    press: async (person: Person, button: Button, run: Run) => pressOn(person, button, await message(run)),
  }
}

/** The execution that an answer names. */
export function runOf(answer: string): Run {
  const id = /is stored as `([^`]+)`/.exec(answer)?.[1]
  if (!id) throw new Error(`No execution was begun: ${answer}`)
  return { id }
}

/** All words of a message, as a person would read them. */
export function wordsOf({ text, blocks = [] }: Pick<SlackMessage, 'text' | 'blocks'>): string {
  const parts = blocks.flatMap((block) => {
    if (block.type === 'section') return [block.text?.text ?? '']
    if (block.type === 'context') return block.elements.map((element) => ('text' in element ? element.text : ''))
    if (block.type === 'actions')
      return [
        actionsOf({ blocks: [block] })
          .map((each) => `[${each.text?.text}]`)
          .join(' '),
      ]
    return []
  })
  return parts.length > 0 ? parts.join('\n') : text
}

function blockId({ blocks = [] }: SlackMessage): string {
  return blocks[0]?.block_id ?? ''
}
