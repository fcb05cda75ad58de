import type { Interface } from 'node:readline'
import { clearLine, cursorTo } from 'node:readline'
import type { Writable } from 'node:stream'

/**
 * The terminal, where messages come in between while somebody types: what they typed is kept and stands below. On a pipe it is
 * lines in their order.
 */
export function createScreen(reader: Interface, output: Writable, atTerminal: boolean) {
  let prompting = false
  let closed = false
  reader.once('close', () => {
    closed = true
  })

  function prompt(keepCursor = false): void {
    prompting = !closed
    if (prompting) reader.prompt(keepCursor)
  }

  return {
    print(text: string): void {
      if (prompting && atTerminal) {
        cursorTo(output, 0)
        clearLine(output, 0)
      }
      output.write(`${prompting && !atTerminal ? '\n' : ''}${text.trimEnd()}\n`)
      if (prompting) prompt(true)
    },
    /** Asks for the next line. */
    prompt: () => prompt(),
    /** A line came: until the next prompt nothing is asked. On a pipe nobody sees it, so that the prompt ends here. */
    taken(): void {
      if (prompting && !atTerminal) output.write('\n')
      prompting = false
    },
    /** Leaves the cursor at the beginning of a line. */
    end(): void {
      if (prompting) output.write('\n')
      prompting = false
    },
  }
}
