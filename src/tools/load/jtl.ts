/** One sample of a JTL file. `ended` is in milliseconds since 1970. */
export type JtlSample = {
  readonly began: number
  readonly ended: number
  readonly ms: number
  readonly error: string | null
}

const NEEDED = ['timeStamp', 'elapsed', 'success'] as const

/**
 * JMeter's results as CSV with a header (https://jmeter.apache.org/usermanual/listeners.html#csvlogformat), read as they are written:
 * quoted fields may hold commas, quotes and line breaks, and what comes last may be half a line. Throws where the first line
 * is no header of a JTL.
 */
export function createJtlReader() {
  let rest = ''
  let header: string[] | null = null
  let broken = 0

  function sampleOf(row: string[]): JtlSample[] {
    const field = (name: string) => row[header?.indexOf(name) ?? -1]
    const [began, ms, success] = [Number(field('timeStamp')), Number(field('elapsed')), field('success')]
    const whole = row.length === header?.length && Number.isFinite(began) && began > 0 && Number.isFinite(ms)
    if (!whole || (success !== 'true' && success !== 'false')) {
      broken += 1
      return []
    }
    const error = success === 'true' ? null : errorOf(field('responseCode') ?? '', field('responseMessage') ?? '')
    return [{ began, ended: began + ms, ms, error }]
  }

  function take(rows: string[][]): JtlSample[] {
    return rows.flatMap((row) => {
      if (header) return sampleOf(row)
      const missing = NEEDED.filter((name) => !row.includes(name))
      if (missing.length > 0)
        throw new Error(
          `Expected a JTL with the columns ${NEEDED.join(', ')}; its first line is ${row.join(',').slice(0, 120)}`,
        )
      header = row
      return []
    })
  }

  return {
    read(text: string): JtlSample[] {
      const { rows, left } = rowsOf(rest + text)
      rest = left
      return take(rows)
    },
    /** What is left counts where it is a whole line. */
    end(): JtlSample[] {
      const last = rest.trim() === '' ? [] : take(rowsOf(`${rest}\n`).rows)
      rest = ''
      return last
    },
    /** Lines that were no samples. */
    broken: () => broken,
  }
}

/** Whole lines as fields, and what is left of a line that is not whole yet (RFC 4180). */
function rowsOf(text: string): { rows: string[][]; left: string } {
  const rows: string[][] = []
  let [row, field, quoted, begin]: [string[], string, boolean, number] = [[], '', false, 0]
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (quoted) {
      if (char !== '"') field += char
      else if (text[at + 1] === '"') {
        field += '"'
        at += 1
      } else quoted = false
    } else if (char === '"') quoted = true
    else if (char === ',') {
      row.push(field)
      field = ''
    } else if (char === '\n') {
      row.push(field.replace(/\r$/, ''))
      if (row.length > 1 || row[0] !== '') rows.push(row)
      row = []
      field = ''
      begin = at + 1
    } else field += char
  }
  return { rows, left: text.slice(begin) }
}

/** `HTTP 503`, or the last word of what Java threw: `ConnectException`. A good answer that failed did so at an assertion. */
function errorOf(code: string, message: string): string {
  if (/^[45]\d\d$/.test(code)) return `HTTP ${code}`
  if (/^[123]\d\d$/.test(code)) return 'assertion failed'
  const thrown = /([A-Za-z]+(?:Exception|Error))\b/.exec(`${code} ${message}`)?.[1]
  return thrown ?? ((message || code).slice(0, 60) || 'failed')
}
