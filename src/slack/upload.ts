import type { Wish } from '../engine/outbox.ts'
import { cut } from './limits.ts'
import type { Place } from './once.ts'
import { rememberSent, sendOnce } from './once.ts'
import type { PosterParts } from './parts.ts'

export type Upload = {
  readonly file: string
  /** Names the execution: by it the file is known again in the thread. */
  readonly title: string
  readonly content: Uint8Array
  /** What a picture shows, in words. Slack knows that of pictures only. */
  readonly alternative?: string | undefined
  readonly place: Place & { readonly thread: string }
}

/** https://docs.slack.dev/reference/methods/files.getUploadURLExternal/ (`alt_txt_too_large`). */
const MOST_ALTERNATIVE = 1000

/**
 * A file into a thread. Of the three calls only the last shows anything to anybody; where its answer is lost, the thread is looked
 * through for the file before it is uploaded again.
 */
export async function upload(parts: PosterParts, wish: Wish, given: Upload): Promise<void> {
  const { file, title, content, alternative, place } = given
  const { channel, thread } = place
  const send = async () => {
    await parts.clients.files.filesUploadV2({
      channel_id: channel,
      thread_ts: thread,
      filename: file,
      title,
      ...(isText(file)
        ? { content: Buffer.from(content).toString('utf8') || '(empty)' }
        : { file: Buffer.from(content), ...(alternative ? { alt_text: cut(alternative, MOST_ALTERNATIVE) } : {}) }),
    })
    return { channel, ts: thread }
  }
  const method = 'files.completeUploadExternal'
  await sendOnce(parts, wish, { place, mark: title, method, importance: 'detail', send })
  await rememberSent(parts, wish, { channel, ts: thread, digest: '' })
}

/** Pictures go as they are; everything else that stages leave for people is text, and was masked. */
function isText(file: string): boolean {
  return !file.endsWith('.png')
}
