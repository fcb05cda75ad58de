import { quoted } from './text.ts'
import type { Answer } from './workflow.ts'

/** What fits into one message of Slack, with room for what escaping adds. */
const PAGE = 8000

/** Whoever wants to read more pages than these wants to search in them. */
const MOST_PAGES = 3

/**
 * One page of a long answer, whole lines only, with buttons to the next one and back. `more` is the command that shows it, `alerts show k3f9`:
 * each page but the last one also says how the next one is asked for. A page that is not there is the last one. With a name for a `file` the
 * first page of a very long answer brings all of it.
 */
export function paged(
  lines: readonly string[],
  page: number,
  more: string,
  { file }: { readonly file?: string } = {},
): Answer {
  const pages = pagesOf(lines)
  const number = Math.min(page, pages.length)
  const shown = pages[number - 1] ?? []
  if (pages.length === 1) return { text: shown.join('\n') }
  const next = number < pages.length ? `; \`${more} --page ${number + 1}\` has the next one` : ''
  const to = (at: number) => `${more} --page ${at}`
  return {
    text: [...shown, `Page ${number} of ${pages.length}${next}.`].join('\n'),
    buttons: [
      ...(number > 1 ? [{ label: 'Previous page', line: to(number - 1) }] : []),
      ...(number < pages.length ? [{ label: 'Next page', line: to(number + 1) }] : []),
    ],
    ...(file !== undefined && pages.length > MOST_PAGES && number === 1
      ? { file: { name: file, content: `${lines.join('\n')}\n` } }
      : {}),
  }
}

function pagesOf(lines: readonly string[]): string[][] {
  const pages: string[][] = [[]]
  let length = 0
  for (const line of lines) {
    if (length > 0 && length + line.length > PAGE) {
      pages.push([])
      length = 0
    }
    pages.at(-1)?.push(line)
    length += line.length + 1
  }
  return pages
}

/** A command as it was typed, without its page: what stands alone, then the flags that were given. */
export function typedAgain(
  name: string,
  flags: Readonly<Record<string, string | boolean | undefined>>,
  ...words: readonly string[]
): string {
  const given = Object.entries(flags).flatMap(([flag, value]) => {
    if (value === undefined || value === false) return []
    return value === true ? [`--${flag}`] : [`--${flag} ${quoted(value)}`]
  })
  return [name, ...words.filter(Boolean).map(quoted), ...given].join(' ')
}
