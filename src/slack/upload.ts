import type { Wish } from '../engine/outbox.ts'
import type { Place } from './once.ts'
import { rememberSent, sendOnce } from './once.ts'
import type { PosterParts } from './parts.ts'

export type Upload = {
  readonly file: string
  /** Names the execution: by it the file is known again in the thread. */
  readonly title: string
  readonly content: Uint8Array
  readonly place: Place & { readonly thread: string }
}

/**
 * A file into a thread. Of the three calls only the last shows anything to anybody; where its answer is lost, the thread is looked
 * through for the file before it is uploaded again.
 */
export async function upload(parts: PosterParts, wish: Wish, { file, title, content, place }: Upload): Promise<void> {
  const { channel, thread } = place
  const send = async () => {
    await parts.clients.files.filesUploadV2({
      channel_id: channel,
      thread_ts: thread,
      filename: file,
      title,
      content: Buffer.from(content).toString('utf8') || '(empty)',
    })
    return { channel, ts: thread }
  }
  const method = 'files.completeUploadExternal'
  await sendOnce(parts, wish, { place, mark: title, method, importance: 'detail', send })
  await rememberSent(parts, wish, { channel, ts: thread, digest: '' })
}
