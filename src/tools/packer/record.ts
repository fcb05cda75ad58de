import type { PackerLine } from './stream.ts'
import { uiText } from './stream.ts'

export type BuilderRecord = {
  readonly name: string
  readonly state: 'running' | 'finished' | 'errored'
  /** The provisioner that runs, as Packer names it: the file of its script, or what it says it does. */
  readonly step: string | null
  readonly error: string | null
  /** The last lines that it said. */
  readonly said: readonly string[]
}

/** What is known of a build from its lines. */
export type BuildRecord = {
  readonly builders: readonly BuilderRecord[]
  /** Errors of Packer itself, of no builder. */
  readonly errors: readonly string[]
  readonly interrupted: boolean
  /** What it said since it was interrupted, up to its end: what it takes away again. */
  readonly cleaned: readonly string[]
  /** It said itself that all of it was cleaned up. */
  readonly clean: boolean
  readonly last: string
}

const MOST_SAID = 5
const MOST_CLEANED = 8

export function beginBuild(): BuildRecord {
  return { builders: [], errors: [], interrupted: false, cleaned: [], clean: false, last: '' }
}

const SAYS = /^(?:==>| {3}) ([^\s:]+): ([\s\S]*)$/
const ENDED = /^Build '([^']+)' (finished|errored)/
const WHY = /^Build '[^']+' errored[^:]*: ([\s\S]*)$/
const STEP = /^(?:Running local shell script|Provisioning with shell script): (?:.*\/)?([^/\s]+)/
const OTHER_STEP = /^(Provisioning with \S+|Running post-processor: .+|Executing \S+)/

/** The record with one more line. Only the words that Packer 1.6 and later themselves print are read; any other is kept as it is. */
export function recordLine(record: BuildRecord, line: PackerLine): BuildRecord {
  if (line.type === 'error') return withBuilder(record, line.target, { error: sentence(line.data.join(',')) })
  const text = uiText(line)?.replace(/^\n/, '')
  if (!text?.trim()) return record
  if (/^Cancelling build after receiving/.test(text)) return { ...record, interrupted: true, last: text }
  if (/^Cleanly cancelled builds/.test(text)) return { ...record, clean: true, last: text }
  const [, ended, how] = ENDED.exec(text) ?? []
  if (ended) return endedWith(record, ended, how === 'errored' ? sentence(WHY.exec(text)?.[1] ?? '') : null)
  const [, name, said] = SAYS.exec(text) ?? []
  if (!name || said === undefined) return other(record, line, text)
  const before = record.builders.find((each) => each.name === name)
  if (!isBuild(name)) return other(record, line, text)
  const step = STEP.exec(said)?.[1] ?? OTHER_STEP.exec(said)?.[1] ?? before?.step ?? null
  const kept = /^(Running local shell script|Provisioning step had errors)/.test(said) ? [] : [said.trimEnd()]
  const next = withBuilder(record, name, { step, said: [...(before?.said ?? []), ...kept].slice(-MOST_SAID) })
  return { ...noted(next, said), last: `${name}: ${said}` }
}

/** `1 of 2 builds done; app.null.app: Running local shell script: install.sh` */
export function progressText({ builders, last }: BuildRecord): string {
  const done = builders.filter(({ state }) => state !== 'running').length
  const counted = builders.length > 1 ? `${done} of ${builders.length} builds done; ` : ''
  return `${counted}${last
    .replace(/\s+/g, ' ')
    .replace(/ \*{3,}$/, '')
    .trim()
    .slice(0, 200)}`
}

/** Why it failed: each builder with the step that it failed in and the last lines it said. */
export function failureText({ builders, errors, last }: BuildRecord): string {
  const failed = builders.filter(({ state }) => state === 'errored')
  if (failed.length === 0) return errors.slice(-MOST_SAID).join('\n') || last || 'Packer gave no reason'
  return failed
    .flatMap(({ name, step, error, said }) => [
      `${name} failed${step ? ` in ${step}` : ''}: ${error ?? 'no reason given'}`,
      ...said.filter((line) => line.trim()),
    ])
    .join('\n')
}

/** `build.type.source` in HCL, `type` or a given name in JSON: never a word of a sentence. */
function isBuild(name: string): boolean {
  return /^[\w-]+(\.[\w-]+)*$/.test(name) && !/^(Error|Warning)$/.test(name)
}

function endedWith(record: BuildRecord, name: string, error: string | null): BuildRecord {
  return withBuilder(record, name, error === null ? { state: 'finished' } : { state: 'errored', error })
}

function other(record: BuildRecord, { data }: PackerLine, text: string): BuildRecord {
  const heading = /^(==> (Wait completed|Builds finished|Some builds)|-->)/.test(text)
  const errors = data[0] === 'error' && !heading ? [...record.errors, ...linesOf(text)].slice(-20) : record.errors
  return { ...record, errors, last: heading ? record.last : text }
}

function noted(record: BuildRecord, said: string): BuildRecord {
  if (!record.interrupted || record.clean) return record
  return { ...record, cleaned: [...record.cleaned, said.trim()].slice(-MOST_CLEANED) }
}

function withBuilder(record: BuildRecord, name: string, change: Partial<BuilderRecord>): BuildRecord {
  const fresh: BuilderRecord = { name, state: 'running', step: null, error: null, said: [] }
  const before = record.builders.find((each) => each.name === name)
  const others = record.builders.map((each) => (each === before ? { ...each, ...change } : each))
  return { ...record, builders: before ? others : [...others, { ...fresh, ...change }] }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim())
}

/** `…status: 7.Allowed exit codes…` has no space of its own. */
function sentence(text: string): string {
  return text.replace(/\.(?=Allowed)/, '. ').trim()
}
