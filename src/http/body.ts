import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** The most that a request may send. */
export const MOST_BYTES = 1024 * 1024

/** All of a request's body, or a `Refusal` as soon as it is too much. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooMuch = () => new Refusal(413, `At most ${MOST_BYTES} bytes are taken.`)
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw tooMuch()
  const chunks: Buffer[] = []
  let size = 0
  // What is left of one that is too large is read and thrown away, so that its sender reads the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > MOST_BYTES) throw tooMuch()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
