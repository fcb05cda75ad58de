import { createHash } from 'node:crypto'
import type { Execution } from '../core/execution.ts'
import { wordOf } from '../core/status-word.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Message } from './limits.ts'
import { finished, section } from './messages/blocks.ts'
import { code } from './messages/text.ts'

/**
 * The message of an execution, whatever happens while it is drawn: a fault of ours is told by an id that is in the log, with what is sure,
 * instead of leaving an old message there that is not true any more. The same fault has the same id, so that nothing is posted again for it.
 */
export function drawn(log: Log, execution: Execution, draw: () => Message): Message {
  try {
    return draw()
  } catch (error) {
    const { id, line, version } = execution
    const fault = createHash('sha256')
      .update(`${id} ${messageOf(error)}`)
      .digest('hex')
      .slice(0, 8)
    log.error({ error: fault, execution: id, err: error }, 'message not drawn')
    const text = `💥 *${wordOf(execution)}*: ${code(line)}. This message cannot be drawn, and it is not your doing: tell the people who run this bot the id ${code(fault)}; the log has the rest. ${code(`runs show ${id}`)} may say more.`
    return finished(
      { text, blocks: [section(text)] },
      { first: `execution-${id}-v${version}`, prefix: `x-${id}-${version}` },
    )
  }
}
