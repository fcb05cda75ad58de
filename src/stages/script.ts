import { constants } from 'node:os'
import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import { scriptNamed } from '../core/release/script.ts'
import { stageFile } from '../core/stage/files.ts'
import type { Fields, Outcome, ProcessEnd, RunContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { CommandFileError } from '../errors.ts'
import { given, misfit, wished } from './given.ts'
import { tailOf } from './stream.ts'
import { maskFor } from './workplace.ts'

const input = z.strictObject({
  /** One of the scripts of the site. */
  name: z.string(),
  /** Values for the variables that the site says it takes. */
  with: wished,
})
type Input = z.infer<typeof input>

const planned = z.object({
  name: z.string(),
  argv: z.array(z.string()).min(1),
  timeout: z.string(),
  takes: z.record(z.string(), z.string()),
  pass: z.array(z.string()),
  secrets: z.array(z.string()),
  with: given,
})
type Planned = z.infer<typeof planned>

/** What a stage's output may say to the engine; a script may not. */
export const OURS = [
  ...['files', 'offers', 'keep', 'vanished', 'savedOn', 'needsApply', 'digest', 'lineage', 'deletes'],
  ...['catchUp', 'owners', 'ownersOf', 'ownersWhy'],
]
const MOST_OUTPUT = 16_000
const MOST_SAID = 500

/**
 * Runs a program that the site lists, at most once: exactly its argv, with values from earlier stages as environment variables and never
 * anything from a chat. Its exit code decides; a JSON object at the end of its output is what the stage gives.
 */
export const scriptKind: StageKind<Input> = {
  kind: 'script',
  input,
  repeatable: false,
  forcible: true,
  plan({ name, with: values }, { site }) {
    const { argv, timeout, takes, pass, secrets } = scriptNamed(site, name)
    for (const key of Object.keys(values)) {
      if (!Object.hasOwn(takes, key))
        throw new CommandFileError(`The script ${name} takes no \`${key}\` (scripts.${name}.takes).`)
    }
    return { name, argv: [...argv], timeout, takes: { ...takes }, pass: [...pass], secrets: [...secrets], with: values }
  },
  run: (fields, context) => runScript(planned.parse(fields), context),
}

async function runScript(script: Planned, context: RunContext): Promise<Outcome> {
  const wrong = context.adopted ? null : misfit(script.with, script.takes)
  if (wrong) return { kind: 'failed', error: `The script ${script.name} was not run: ${wrong}` }
  const mask = maskFor(context, valuesOf(context, script.secrets))
  context.progress(`running ${script.name}`)
  const spec = { argv: script.argv, cwd: context.directory, env: environmentOf(script, context) }
  const say = (line: string) => context.log(line, mask)
  const onLine = (line: string) => {
    say(line)
    if (line.trim()) context.progress(mask(line).slice(0, 200))
  }
  const end = await context.process({ ...spec, timeout: milliseconds(script.timeout) }, onLine, say)
  const [text, err] = await Promise.all([tailOf(end.out), tailOf(end.err)])
  const out = text.replace(/^\uFEFF/, '') // some programs begin what they write so
  const log = stageFile({ id: context.stage, kind: 'script' }, 'log.txt')
  const json = lastJson(mask(out))
  const notes = unreadNote(out, json)
  await context.artifacts.put(log, Buffer.from(mask([out, err, notes].filter(Boolean).join('\n'))))
  return outcomeOf(script, context, end, {
    log,
    json,
    said: lastLine(mask(err)) || lastLine(mask(out)),
  })
}

type Left = { readonly log: string; readonly json: Fields; readonly said: string }

function outcomeOf(
  { name, timeout }: Planned,
  { signal }: RunContext,
  end: ProcessEnd,
  { log, json, said }: Left,
): Outcome {
  const files = { files: [log] }
  if (end.end === 'never-started') {
    if (signal.aborted) return { kind: 'canceled', why: `The script ${name} had not begun yet.` }
    return {
      kind: 'failed',
      error: `The script ${name} never began: its worker died just before. Nothing was done; ask again.`,
    }
  }
  if (end.timedOut)
    return {
      kind: 'failed',
      error: `The script ${name} did not end within ${timeout} and was killed. What it did until then stays.`,
      output: files,
    }
  if (end.end === 'vanished') {
    const why = `The script ${name} ended without a trace: it was killed, or the machine was restarted. What it did is not known.`
    return { kind: 'unknown', why, output: { ...files, vanished: true } }
  }
  const output = { ...json, exitCode: end.exitCode, ...files }
  if (end.exitCode === 0) return { kind: 'succeeded', output }
  if (signal.aborted)
    return { kind: 'canceled', why: `The script ${name} was interrupted and ended with ${end.exitCode}.`, output }
  return {
    kind: 'failed',
    error: `The script ${name} ${endText(end.exitCode)}${said ? `:\n${said}` : '.'}`,
    output,
  }
}

/** As shells count (POSIX, 2.8.2): 128 and the signal. */
function endText(code: number): string {
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === code - 128) ?? []
  return `ended with exit code ${code}${signal ? ` (${signal})` : ''}`
}

/** Only what the site lists: nothing else of the worker's environment reaches it. */
function environmentOf({ pass, secrets, with: values }: Planned, context: RunContext): Record<string, string> {
  const { inherit } = context
  const passed = [...pass, ...secrets].flatMap((name) => (inherit[name] ? [[name, inherit[name]]] : []))
  return {
    PATH: inherit.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: inherit.HOME ?? context.directory,
    GROUNDCREW_EXECUTION: context.execution,
    ...Object.fromEntries(passed),
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
  }
}

function valuesOf({ inherit }: RunContext, names: readonly string[]): string[] {
  return names.flatMap((name) => inherit[name] ?? [])
}

/** The object at the end of its output, on one line or as `jq` writes it; anything else is only log. */
function lastJson(out: string): Fields {
  try {
    const found = z.record(z.string(), z.json()).parse(JSON.parse(lastObject(out)))
    return Object.fromEntries(Object.entries(found).filter(([name]) => !OURS.includes(name)))
  } catch {
    return {}
  }
}

/** From the last line on that begins with a brace: those within an object are indented. */
function lastObject(out: string): string {
  const text = endOf(out)
  return text.length <= MOST_OUTPUT ? text : ''
}

function endOf(out: string): string {
  const text = out.trimEnd()
  return text.slice(text.lastIndexOf('\n{') + 1)
}

/** What looks as if it was to be given, and is not: said in the log, where whoever misses it looks. */
function unreadNote(out: string, json: Fields): string {
  const end = endOf(out)
  if (!end.startsWith('{') || Object.keys(json).length > 0 || !/(^|\n)[{}].*$/.test(end)) return ''
  return `[groundcrew: nothing was taken from the last lines, which have ${end.length} characters. They have to be a JSON object, of at most ${MOST_OUTPUT}, with nothing after it; ${OURS.join(', ')} are not taken.]`
}

function lastLine(text: string): string {
  const line = text.trimEnd().split('\n').at(-1) ?? ''
  return line.length <= MOST_SAID ? line : `${line.slice(0, MOST_SAID)}…`
}

/** A script in a workflow: `script({ name: 'smoke', with: { VERSION: { ref: 'release.choose.version' } } })`. */
export function script({ name, with: values, ...shape }: Shape & z.input<typeof input>): StageDraft {
  return { kind: scriptKind.kind, input: { name, ...(values ? { with: values } : {}) }, ...shape }
}
