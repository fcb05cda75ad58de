/** What fits into one message of Slack, with room for what escaping adds. */
const PAGE = 8000

/**
 * One page of a long answer, whole lines only. `more` is the command that shows it, `alerts show k3f9`: each page but the last one says how
 * the next one is asked for. A page that is not there is the last one.
 */
export function paged(lines: readonly string[], page: number, more: string): string {
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
  const number = Math.min(page, pages.length)
  const shown = pages[number - 1] ?? []
  if (pages.length === 1) return shown.join('\n')
  const next = number < pages.length ? `; \`${more} --page ${number + 1}\` has the next one` : ''
  return [...shown, `Page ${number} of ${pages.length}${next}.`].join('\n')
}
