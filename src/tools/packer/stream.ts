/**
 * One line of `packer -machine-readable`: `time,target,type,data...` (packer.io, "Machine-Readable Output"). `target` is the build that it
 * is about, or empty.
 */
export type PackerLine = {
  readonly target: string
  readonly type: string
  readonly data: readonly string[]
}

/** Null for a line that is none of Packer's. */
export function readLine(line: string): PackerLine | null {
  const [time = '', target, type, ...data] = line.split(',')
  if (!/^\d+$/.test(time) || target === undefined || !type) return null
  return { target, type, data: data.map(unescaped) }
}

/** What a line says to people, or null for one that is for programs only. */
export function uiText({ type, data }: PackerLine): string | null {
  return type === 'ui' && data.length > 1 ? data.slice(1).join(',') : null
}

/** Packer escapes these three and nothing else. */
function unescaped(text: string): string {
  return text.replaceAll('%!(PACKER_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '\r')
}
