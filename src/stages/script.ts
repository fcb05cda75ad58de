import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import { stageFile } from '../core/execution.ts'
import { reference } from '../core/reference.ts'
import { scriptNamed } from '../core/release/script.ts'
import type { Fields, Outcome, ProcessEnd, RunContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { tailOf } from './stream.ts'
import { maskFor } from './workplace.ts'

const value = z.union([z.string(), z.number(), z.boolean()])

const input = z.strictObject({
  /** One of the scripts of the site. */
  name: z.string(),
  /** Values for the variables that the site says it takes. */
  with: z.record(z.string(), z.union([value, reference])).default({}),
})
type Input = z.infer<typeof input>

const planned = z.object({
  name: z.string(),
  argv: z.array(z.string()).min(1),
  timeout: z.string(),
  takes: z.record(z.string(), z.string()),
  pass: z.array(z.string()),
  secrets: z.array(z.string()),
  with: z.record(z.string(), value),
})
type Planned = z.infer<typeof planned>

/** What a stage's output may say to the engine; a script may not. */
export const OURS = ['files', 'offers', 'keep', 'vanished', 'savedOn', 'needsApply', 'digest', 'lineage', 'deletes']
const MOST_OUTPUT = 16_000

/**
 * Runs a program that the site lists, at most once: exactly its argv, with values from earlier stages as environment variables and never
 * anything from a chat. Its exit code decides; JSON on its last line is what the stage gives.
 */
export const scriptKind: StageKind<Input> = {
  kind: 'script',
  input,
  repeatable: false,
  forcible: true,
  plan({ name, with: given }, { site }) {
    const { argv, timeout, takes, pass, secrets } = scriptNamed(site, name)
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(takes, key)) throw new Error(`The script ${name} takes no \`${key}\` (scripts.${name}.takes).`)
    }
    return { name, argv: [...argv], timeout, takes: { ...takes }, pass: [...pass], secrets: [...secrets], with: given }
  },
  run: (fields, context) => runScript(planned.parse(fields), context),
}

async function runScript(script: Planned, context: RunContext): Promise<Outcome> {
  const wrong = Object.entries(script.with).find(([name, value]) => !fits(script.takes[name], String(value)))
  if (wrong && !context.adopted)
    return {
      kind: 'failed',
      error: `The script ${script.name} was not run: \`${wrong[0]}\` has a value that does not fit what the site allows (${script.takes[wrong[0]]}).`,
    }
  const mask = maskFor(context, valuesOf(context, script.secrets))
  context.progress(`running ${script.name}`)
  const spec = { argv: script.argv, cwd: context.directory, env: environmentOf(script, context) }
  const say = (line: string) => context.log(line, mask)
  const onLine = (line: string) => {
    say(line)
    if (line.trim()) context.progress(mask(line).slice(0, 200))
  }
  const end = await context.process({ ...spec, timeout: milliseconds(script.timeout) }, onLine, say)
  const [out, err] = await Promise.all([tailOf(end.out), tailOf(end.err)])
  const log = stageFile({ id: context.stage, kind: 'script' }, 'log.txt')
  await context.artifacts.put(log, Buffer.from(mask([out, err].filter(Boolean).join('\n'))))
  return outcomeOf(script, context, end, {
    log,
    json: lastJson(mask(out)),
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
    error: `The script ${name} ended with exit code ${end.exitCode}${said ? `:\n${said}` : '.'}`,
    output,
  }
}

function fits(pattern: string | undefined, value: string): boolean {
  return pattern !== undefined && new RegExp(`^(?:${pattern})$`).test(value)
}

/** Only what the site lists: nothing else of the worker's environment reaches it. */
function environmentOf({ pass, secrets, with: given }: Planned, context: RunContext): Record<string, string> {
  const { inherit } = context
  const passed = [...pass, ...secrets].flatMap((name) => (inherit[name] ? [[name, inherit[name]]] : []))
  return {
    PATH: inherit.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: inherit.HOME ?? context.directory,
    GROUNDCREW_EXECUTION: context.execution,
    ...Object.fromEntries(passed),
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)])),
  }
}

function valuesOf({ inherit }: RunContext, names: readonly string[]): string[] {
  return names.flatMap((name) => inherit[name] ?? [])
}

/** An object on the last line; anything else is only log. */
function lastJson(out: string): Fields {
  try {
    const found = z.record(z.string(), z.json()).parse(JSON.parse(lastLine(out, MOST_OUTPUT)))
    return Object.fromEntries(Object.entries(found).filter(([name]) => !OURS.includes(name)))
  } catch {
    return {}
  }
}

function lastLine(text: string, most = 500): string {
  const line = text.trimEnd().split('\n').at(-1) ?? ''
  return line.length <= most ? line : ''
}

/** A script in a workflow: `script({ name: 'smoke', with: { VERSION: { ref: 'release.choose.version' } } })`. */
export function script({ name, with: given, ...shape }: Shape & z.input<typeof input>): StageDraft {
  return { kind: scriptKind.kind, input: { name, ...(given ? { with: given } : {}) }, ...shape }
}
