/** One sample of a family, as a scrape would store it. */
export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
export type Family = { readonly type: string; readonly help: string | null; readonly samples: readonly Sample[] }

/** The families of a text in Prometheus' exposition format, read strictly. */
type Reading = { type: string | null; help: string | null; samples: Sample[] }

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/
/** What Go's ParseFloat takes, which the format refers to: `NaN` and `Inf` in any case. */
const VALUE = /^(?:[+-]?inf|nan|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/**
 * Reads a text as promtool and the server do, and throws at the first thing that is not of the format: the grammar is "Text-based format"
 * of https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4). Beyond it: a family stands in one piece, has HELP and TYPE
 * once each and before its samples, no two samples are the same, counters end in _total (`promtool check metrics`), and a
 * histogram's buckets grow and end with +Inf, which is its count.
 */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('The last line must end with a line feed.')
  const families = new Map<string, Reading>()
  const seen = new Set<string>()
  let current = ''
  const enter = (name: string, line: string) => {
    if (name === current) return families.get(name) as Reading
    if (families.has(name)) throw new Error(`${name} is not in one piece: ${line}`)
    current = name
    const family: Reading = { type: null, help: null, samples: [] }
    families.set(name, family)
    return family
  }
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '' || (line.startsWith('#') && !/^#\s+(HELP|TYPE)\s/.test(line))) continue
    const comment = /^# (HELP|TYPE) ([^ ]+) (.*)$/.exec(line)
    if (line.startsWith('#')) {
      if (!comment) throw new Error(`Not a comment of the format: ${line}`)
      const [, word, name = '', rest = ''] = comment
      if (NAME.exec(name)?.[0] !== name) throw new Error(`Not a name: ${line}`)
      const family = enter(name, line)
      if (family.samples.length > 0) throw new Error(`${word} comes after samples: ${line}`)
      if (word === 'TYPE') {
        if (family.type !== null) throw new Error(`A second TYPE: ${line}`)
        if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest))
          throw new Error(`Not a type: ${line}`)
        if (rest === 'counter' && !name.endsWith('_total')) throw new Error(`A counter without _total: ${line}`)
        family.type = rest
      } else {
        if (family.help !== null) throw new Error(`A second HELP: ${line}`)
        if (/\\(?![\\n])/.test(rest)) throw new Error(`HELP with a backslash that escapes nothing: ${line}`)
        family.help = rest
      }
      continue
    }
    const sample = readSample(line)
    const owner = ownerOf(sample.name, current, families.get(current)?.type ?? null)
    const family = enter(owner, line)
    if (family.type === null || family.help === null) throw new Error(`A sample without TYPE and HELP: ${line}`)
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
    if (seen.has(key)) throw new Error(`The same sample twice: ${line}`)
    seen.add(key)
    if (family.type === 'counter' && !(sample.value >= 0)) throw new Error(`A counter below zero: ${line}`)
    family.samples.push(sample)
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family.samples)
  return families as ReadonlyMap<string, Family>
}

function ownerOf(name: string, current: string, type: string | null): string {
  const suffix = (SUFFIXES[type ?? ''] ?? []).find((each) => name === `${current}${each}`)
  return suffix === undefined ? name : current
}

/** `name{label="value",...} value [timestamp]`; a label's value escapes backslash, quote and line feed, and nothing else. */
function readSample(line: string): Sample {
  const name = NAME.exec(line)?.[0]
  if (!name) throw new Error(`Not a sample: ${line}`)
  const labels: Record<string, string> = {}
  let rest = line.slice(name.length)
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const label = LABEL.exec(rest)?.[0]
      const value = label && /^="((?:[^"\\\n]|\\[\\"n])*)"/.exec(rest.slice(label.length))
      if (!label || !value) throw new Error(`Not a label: ${line}`)
      if (Object.hasOwn(labels, label)) throw new Error(`A label twice: ${line}`)
      labels[label] = (value[1] ?? '').replace(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c))
      rest = rest.slice(label.length + value[0].length)
      const comma = /^,[ \t]*/.exec(rest)
      if (comma) rest = rest.slice(comma[0].length)
      else if (!rest.startsWith('}')) throw new Error(`Labels without a comma: ${line}`)
    }
    rest = rest.slice(1)
  }
  const [value = '', stamp, ...more] = rest.trim().split(/[ \t]+/)
  if (!/^[ \t]/.test(rest) || !VALUE.test(value) || more.length > 0) throw new Error(`Not a value: ${line}`)
  if (stamp !== undefined && !/^-?\d+$/.test(stamp)) throw new Error(`Not a time: ${line}`)
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const groups = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) =>
    JSON.stringify(Object.entries(labels).sort()),
  )
  for (const [labels, group] of groups) {
    const buckets = group.filter((each) => each.name === `${name}_bucket`)
    const count = group.find((each) => each.name === `${name}_count`)?.value
    const bounds = buckets.map(({ labels: { le = '' } }) => Number(le.replace('Inf', 'Infinity')))
    const rising = (values: readonly number[]) => values.every((each, at) => at === 0 || each >= (values[at - 1] ?? 0))
    if (!rising(bounds) || !rising(buckets.map(({ value }) => value))) throw new Error(`${name}${labels}: buckets fall`)
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}${labels}: no bucket +Inf`)
    if (buckets.at(-1)?.value !== count || !group.some((each) => each.name === `${name}_sum`))
      throw new Error(`${name}${labels}: count or sum do not fit`)
  }
}
