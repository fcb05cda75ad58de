import type { ConfirmationDialog } from '@slack/types'
import { drawMessage } from '../slack/draw.ts'
import type { Message } from '../slack/limits.ts'

/** A button as it is drawn now; `confirm` is what Slack would ask before it counts. */
export type LiveButton = {
  readonly label: string
  readonly actionId: string
  readonly value: string
  readonly confirm: ConfirmationDialog | null
}

type Drawn = { readonly key: string; readonly buttons: ReadonlyMap<number, LiveButton> }

/**
 * What is drawn in the terminal, by name, and the numbers of the buttons that live: those of one message count from 1, and no
 * number stands for two things at a time.
 */
export function createBoard() {
  const drawn = new Map<string, Drawn>()

  /** The message as text, or null where that is what was drawn last under this name. */
  function draw(name: string, message: Message): string | null {
    const body = message.blocks.filter(({ type }) => type !== 'actions')
    const { text } = drawMessage({ text: message.text, blocks: body })
    const buttons = buttonsOf(message)
    const key = JSON.stringify([text, buttons])
    if (drawn.get(name)?.key === key) return null
    drawn.delete(name)
    const numbered = numberedFrom(buttons, new Set([...drawn.values()].flatMap((one) => [...one.buttons.keys()])))
    drawn.set(name, { key, buttons: numbered })
    const row = [...numbered].map(([number, { label }]) => `[${number}] ${label}`).join('  ')
    return row ? `${text}\n${row}` : text
  }

  return {
    draw,
    names: () => [...drawn.keys()],
    button: (number: number) => [...drawn.values()].map(({ buttons }) => buttons.get(number)).find(Boolean) ?? null,
  }
}

function buttonsOf({ blocks }: Message): LiveButton[] {
  const elements = blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))
  return elements.flatMap((element) => {
    if (element.type === 'static_select')
      return (element.options ?? []).map(({ text, value = '' }) => ({
        label: text.text,
        actionId: element.action_id ?? '',
        value,
        confirm: element.confirm ?? null,
      }))
    if (element.type !== 'button') return []
    const { text, action_id: actionId = '', value = '', confirm = null } = element
    return [{ label: text.text, actionId, value, confirm }]
  })
}

/** The smallest numbers that are free. */
function numberedFrom(buttons: readonly LiveButton[], taken: ReadonlySet<number>): Map<number, LiveButton> {
  const numbered = new Map<number, LiveButton>()
  let number = 0
  for (const button of buttons) {
    do number++
    while (taken.has(number))
    numbered.set(number, button)
  }
  return numbered
}
