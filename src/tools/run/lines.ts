import { type FileHandle, open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'

export type OnLine = (line: string) => void

/** A file that is read on, by complete lines, while another process still writes it. */
export type LineFollower = {
  /** Delivers the lines that are complete by now. */
  readOn(): Promise<void>
  /** Delivers a last line that has no line feed, once nothing more will be written. */
  finish(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const CHUNK = 64 * 1024

/** Longer than any line of ours. Beyond it a line is delivered in pieces, so that a program without line feeds cannot fill the memory. */
const LONGEST = 64 * 1024 * 1024

export function followLines(path: string, onLine: OnLine): LineFollower {
  const lines = lineSplitter(onLine)
  const chunk = Buffer.alloc(CHUNK)
  let file: FileHandle | undefined
  let position = 0
  const readOn = async () => {
    file ??= await openIfThere(path)
    if (file === undefined) return
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK, position)
      if (bytesRead === 0) return
      position += bytesRead
      lines.push(chunk.subarray(0, bytesRead))
    }
  }
  const finish = async () => {
    await readOn()
    lines.end()
  }
  return { readOn, finish, [Symbol.asyncDispose]: async () => file?.close() }
}

/** Splits bytes into lines; a character that is cut in two by a chunk's border is put together again. */
export function lineSplitter(onLine: OnLine, longest = LONGEST): { push(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8')
  let partial = ''
  const take = (text: string) => {
    const [first = '', ...rest] = text.split('\n')
    partial += first
    for (const next of rest) {
      onLine(partial)
      partial = next
    }
    if (partial.length < longest) return
    onLine(partial)
    partial = ''
  }
  const end = () => {
    take(decoder.end())
    if (partial !== '') onLine(partial)
    partial = ''
  }
  return { push: (chunk) => take(decoder.write(chunk)), end }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
