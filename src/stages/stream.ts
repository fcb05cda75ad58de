import { open } from 'node:fs/promises'
import { readEvent } from '../core/apply.ts'

/** The end of a long log says how it ended; the rest stays on the worker. */
const MOST_BYTES = 4 * 1024 * 1024

/**
 * Terraform's `-json` stream as text for people, not yet masked. Only events of known types are taken: an unknown one, or a
 * `log` with the emergency dump of a state in it, never is.
 */
export async function streamText(file: string): Promise<string> {
  const lines = (await tailOf(file)).split('\n')
  return lines.flatMap(eventText).join('\n')
}

/** The same of one line of the stream. */
export function eventText(line: string): string[] {
  return readEvent(line) ? textOf(line) : []
}

function textOf(line: string): string[] {
  const event = JSON.parse(line) as {
    type?: string
    '@message'?: string
    diagnostic?: Diagnostic
    hook?: { output?: string; resource?: { addr?: string } }
  }
  if (event.type === 'log') return []
  if (event.type === 'diagnostic' && event.diagnostic) {
    const { severity = 'error', summary = '', detail = '', address } = event.diagnostic
    const where = address ? ` (${address})` : ''
    return [
      `${severity === 'error' ? 'Error' : 'Warning'}: ${summary}${where}`,
      ...detail.split('\n').map((each) => `  ${each}`),
    ]
  }
  if (event.type === 'provision_progress') return [`${event.hook?.resource?.addr ?? ''}: ${event.hook?.output ?? ''}`]
  return typeof event['@message'] === 'string' ? [event['@message']] : []
}

type Diagnostic = { severity?: string; summary?: string; detail?: string; address?: string }

/** The end of a file, from a whole line on; empty where there is none. */
export async function tailOf(path: string): Promise<string> {
  const file = await open(path).catch(() => null)
  if (!file) return ''
  try {
    const { size } = await file.stat()
    const start = Math.max(0, size - MOST_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start)
    const text = buffer.subarray(0, bytesRead).toString('utf8')
    return start > 0 ? text.slice(text.indexOf('\n') + 1) : text
  } finally {
    await file.close()
  }
}
