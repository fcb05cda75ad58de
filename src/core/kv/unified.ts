/** More cells than this are not compared: the middle is then told as a whole. */
const MOST_CELLS = 4_000_000

type Step = { readonly sign: ' ' | '-' | '+'; readonly line: string }

/**
 * Two texts as a unified diff with some lines of context, as `git apply` takes it (POSIX diff -u). Empty where they are the same. With
 * `name` null it is without the two lines of the file.
 */
export function unifiedDiff(name: string | null, before: string, after: string, context = 3): string {
  if (before === after) return ''
  const steps = stepsOf(linesOf(before), linesOf(after))
  const hunks = hunksOf(steps, context)
  const head =
    name === null
      ? []
      : [`--- ${before === '' ? '/dev/null' : `a/${name}`}`, `+++ ${after === '' ? '/dev/null' : `b/${name}`}`]
  return [...head, ...hunks, ''].join('\n')
}

/** Lines with their end, so that a last line without one is another line than the same with one. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function stepsOf(a: readonly string[], b: readonly string[]): Step[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1
  const same = (line: string): Step => ({ sign: ' ', line })
  return [
    ...a.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ]
}

/** By the longest common subsequence. */
function middle(a: readonly string[], b: readonly string[]): Step[] {
  const gone = (line: string): Step => ({ sign: '-', line })
  const come = (line: string): Step => ({ sign: '+', line })
  if (a.length * b.length > MOST_CELLS || a.length === 0 || b.length === 0) return [...a.map(gone), ...b.map(come)]
  const width = b.length + 1
  const longest = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => longest[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const steps: Step[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left === right) {
      steps.push({ sign: ' ', line: left })
      i += 1
      j += 1
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      steps.push(gone(left))
      i += 1
    } else if (right !== undefined) {
      steps.push(come(right))
      j += 1
    }
  }
  return steps
}

function hunksOf(steps: readonly Step[], context: number): string[] {
  const near = steps.map((_, at) =>
    steps.slice(Math.max(at - context, 0), at + context + 1).some(({ sign }) => sign !== ' '),
  )
  const lines: string[] = []
  let [a, b] = [1, 1]
  for (let at = 0; at < steps.length; ) {
    if (!near[at]) {
      a += 1
      b += 1
      at += 1
      continue
    }
    let end = at
    while (end < steps.length && near[end]) end += 1
    const hunk = steps.slice(at, end)
    const [old, now] = [hunk.filter(({ sign }) => sign !== '+').length, hunk.filter(({ sign }) => sign !== '-').length]
    lines.push(`@@ -${rangeOf(a, old)} +${rangeOf(b, now)} @@`, ...hunk.flatMap(written))
    a += old
    b += now
    at = end
  }
  return lines
}

/** An empty side is said with the line before it. */
function rangeOf(start: number, count: number): string {
  return count === 0 ? `${start - 1},0` : `${start},${count}`
}

function written({ sign, line }: Step): string[] {
  return line.endsWith('\n') ? [`${sign}${line.slice(0, -1)}`] : [`${sign}${line}`, '\\ No newline at end of file']
}
