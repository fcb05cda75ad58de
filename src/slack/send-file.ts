import type { AnswerFile } from '../core/workflow.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Clients } from './clients.ts'
import { code, plain } from './messages/text.ts'

/** Sends a file to one person alone. `about`: the line that was asked. Throws what Slack refused. */
export type SendFile = (user: string, file: AnswerFile, about: string) => Promise<void>

/**
 * Into the direct messages between the person and the bot. A message to the id of a user opens them (`chat:write`) and says where they are, so
 * that the file needs no scope besides `files:write`.
 */
export function createSendFile({ posts, edits, files }: Clients, log: Pick<Log, 'warn'>): SendFile {
  return async (user, { name, content }, about) => {
    const first = `📎 ${code(name)}: all of ${code(about)}`
    const { channel, ts } = await posts.chat.postMessage({ channel: user, text: first, unfurl_links: false })
    if (!channel || !ts) throw new Error('Slack opened no direct message.')
    try {
      await files.filesUploadV2({
        channel_id: channel,
        filename: name,
        title: name,
        ...(typeof content === 'string' ? { content: content || '(empty)' } : { file: Buffer.from(content) }),
      })
    } catch (error) {
      const text = `${first}\n⚠️ The file could not be sent: ${plain(messageOf(error))}`
      await edits.chat
        .update({ channel, ts, text })
        .catch((failed: unknown) =>
          log.warn({ error: messageOf(failed) }, 'file not sent, and the message does not say so'),
        )
      throw error
    }
  }
}
