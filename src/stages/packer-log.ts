import type { ProcessEnd } from '../core/workflow.ts'
import { readLine, uiText } from '../tools/packer.ts'
import { tailOf } from './stream.ts'

/** What Packer said, as text for people, not yet masked: lines that are none of its own (a crash, a warning) are kept as they are. */
export async function packerLog({ out, err }: ProcessEnd): Promise<string> {
  const lines = (await tailOf(out)).split('\n').flatMap((line) => {
    const read = readLine(line)
    if (!read) return line.trim() ? [line] : []
    const text = uiText(read)
    return text === null ? [] : [text.replace(/^\n/, '').trimEnd()]
  })
  const errors = (await tailOf(err)).trimEnd()
  return `${[...lines, ...(errors ? ['Standard error:', errors] : [])].join('\n')}\n`
}
