import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import type { ApplyReport, Diagnostic } from '../../core/apply.ts'
import { applyReport, beginApply, readEvent, recordEvent } from '../../core/apply.ts'
import { createMask } from '../../core/mask.ts'
import type { Plan } from '../../core/plan.ts'
import { readPlanText, secretsOf, summarizePlan } from '../../core/plan.ts'
import { UserError } from '../../errors.ts'
import type { Notice } from '../../slack/messages/notice.ts'
import { noticeOfApply, noticeOfPlan } from '../../slack/messages/notice.ts'
import { folderOf } from '../file.ts'

type Environment = Readonly<NodeJS.ProcessEnv>
type Reported = { readonly exitCode: number; readonly notice: Omit<Notice, 'job'> }

/** Arguments as they were typed: the program, its global options, `plan` or `apply`, and the rest. */
type Typed = {
  readonly program: readonly string[]
  readonly verb: 'plan' | 'apply'
  readonly rest: readonly string[]
  readonly env: Environment
}

/**
 * Runs `terraform plan ...` or `terraform apply ...` as it was typed, and reads what it did from JSON: from the saved plan and from the
 * stream, never from the text that is passed on. Throws a `UserError` for any other command.
 */
export async function runTerraform(argv: readonly string[], env: Environment): Promise<Reported> {
  const typed = typedOf(argv, env)
  return typed.verb === 'plan' ? plan(typed) : apply(typed)
}

function typedOf(argv: readonly string[], env: Environment): Typed {
  const at = argv.findIndex((word, index) => index > 0 && !word.startsWith('-'))
  const verb = argv[at]
  if (verb !== 'plan' && verb !== 'apply')
    throw new UserError(
      `\`crew notify\` reports \`plan\` and \`apply\`; \`${argv.join(' ')}\` is ${verb ? `\`${verb}\`` : 'neither'}. Run that by itself.`,
    )
  return { program: argv.slice(0, at), verb, rest: argv.slice(at + 1), env }
}

async function plan(typed: Typed): Promise<Reported> {
  const own = typed.rest.find((word) => /^-?-out=/.test(word))?.replace(/^-?-out=/, '')
  const file = own ?? join(tmpdir(), `crew-notify-${randomUUID()}.tfplan`)
  try {
    const { exitCode, diagnostics } = await run(typed, ['plan', ...typed.rest, ...(own ? [] : [`-out=${file}`])])
    // Without -detailed-exitcode 0 says nothing about changes: the plan itself does.
    const made = exitCode === 0 || exitCode === 2 ? await show(typed, file) : null
    if (made) await passOn(typed, file)
    const mask = maskFor(made, typed.env)
    return { exitCode, notice: noticeOfPlan(line(typed), made && summarizePlan(made), { exitCode, diagnostics, mask }) }
  } finally {
    if (!own) await rm(file, { force: true })
  }
}

/** An apply without a plan file plans first: what is reported as planned is what is applied. */
async function apply(typed: Typed): Promise<Reported> {
  const options = typed.rest.filter((word) => word.startsWith('-'))
  const [own, ...more] = typed.rest.filter((word) => !word.startsWith('-'))
  if (more.length > 0) throw new UserError(`\`apply\` takes one plan file; ${[own, ...more].join(' ')} came.`)
  if (own !== undefined) return applyFile(typed, own, options)
  if (!options.some((word) => /^-?-auto-approve(=true)?$/.test(word)))
    throw new UserError('Nobody can be asked here: give `apply` a plan file, or `-auto-approve`.')
  const file = join(tmpdir(), `crew-notify-${randomUUID()}.tfplan`)
  const planning = options.filter((word) => !/^-?-auto-approve/.test(word))
  try {
    const planned = await run(typed, ['plan', ...planning, `-out=${file}`])
    const { exitCode, diagnostics } = planned
    if (exitCode !== 0 && exitCode !== 2)
      return {
        exitCode,
        notice: noticeOfPlan(line(typed), null, { exitCode, diagnostics, mask: maskFor(null, typed.env) }),
      }
    const kept = options.filter((word) =>
      /^-?-(json|no-color|parallelism|lock|lock-timeout|compact-warnings)(=|$)/.test(word),
    )
    return await applyFile(typed, file, kept)
  } finally {
    await rm(file, { force: true })
  }
}

async function applyFile(typed: Typed, file: string, options: readonly string[]): Promise<Reported> {
  const made = await show(typed, file)
  let record = beginApply(made ? summarizePlan(made).changes : [])
  const { exitCode } = await run(typed, ['apply', ...options, file], (text) => {
    const event = readEvent(text)
    if (event) record = recordEvent(record, event)
  })
  const report: ApplyReport = applyReport(record, { exitCode })
  return { exitCode, notice: noticeOfApply(line(typed), report, { exitCode, mask: maskFor(made, typed.env) }) }
}

type Ran = { readonly exitCode: number; readonly diagnostics: readonly Diagnostic[] }

/** Runs it with `-json`. What it says is passed on: as the stream where that was asked for, else as its messages. */
async function run(typed: Typed, argv: readonly string[], onLine: (line: string) => void = () => {}): Promise<Ran> {
  const wanted = typed.rest.some((word) => /^-?-json(=true)?$/.test(word))
  const [verb = '', ...rest] = argv
  const words = [verb, ...(wanted ? [] : ['-json']), ...rest]
  const child = start(typed, words)
  const restore = passSignalsOn(child)
  const diagnostics: Diagnostic[] = []
  for await (const text of child) {
    const event = readEvent(text)
    if (event?.type === 'diagnostic' && event.diagnostic.severity === 'error') diagnostics.push(event.diagnostic)
    onLine(text)
    process.stdout.write(`${wanted ? text : messageIn(text)}\n`)
  }
  const { exitCode, signal } = await child
  restore()
  if (exitCode === undefined && !signal)
    throw new UserError(`\`${typed.program.join(' ')}\` could not be started. Is it on the PATH?`)
  return { exitCode: exitCode ?? 1, diagnostics }
}

function start({ program, env }: Typed, words: readonly string[]) {
  const [bin = '', ...globals] = program
  return execa(bin, [...globals, ...words], {
    cwd: folderOf(env),
    env: { ...env, TF_IN_AUTOMATION: env.TF_IN_AUTOMATION ?? '1' },
    stdin: 'ignore',
    stderr: 'inherit',
    reject: false,
    buffer: false,
    // A group of its own: of what a terminal or a CI sends it gets one SIGINT from us, and all the time that it needs then.
    detached: true,
    cleanup: false,
  })
}

/** Whoever stops the job signals us. Terraform takes a second signal as "exit at once", so that it is passed on only once. */
function passSignalsOn(child: { kill(signal: 'SIGINT'): boolean }): () => void {
  let sent = false
  const once = () => {
    if (!sent) child.kill('SIGINT')
    sent = true
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, once)
  return () => {
    for (const signal of signals) process.off(signal, once)
  }
}

function messageIn(text: string): string {
  try {
    const event = JSON.parse(text) as { '@message'?: unknown; diagnostic?: { detail?: unknown } }
    const detail =
      typeof event.diagnostic?.detail === 'string' && event.diagnostic.detail ? `\n${event.diagnostic.detail}` : ''
    return `${String(event['@message'] ?? text)}${detail}`
  } catch {
    return text
  }
}

/** The plan as JSON; null where it cannot be read, which the notice then says. */
async function show(typed: Typed, file: string): Promise<Plan | null> {
  const { exitCode, stdout } = await captured(typed, ['show', '-json', pathFor(typed, file)])
  return exitCode === 0 ? readPlanText(stdout) : null
}

/** The plan as Terraform shows it to people: the stream has only a line for each change. */
async function passOn(typed: Typed, file: string): Promise<void> {
  if (typed.rest.some((word) => /^-?-json/.test(word))) return
  const { stdout } = await captured(typed, ['show', '-no-color', pathFor(typed, file)])
  process.stdout.write(`${stdout}\n`)
}

function captured({ program, env }: Typed, words: readonly string[]) {
  const [bin = '', ...globals] = program
  return execa(bin, [...globals, ...words], {
    ...{ cwd: folderOf(env), env, stdin: 'ignore' as const, reject: false as const, maxBuffer: 512 * 1024 * 1024 },
  })
}

/** With `-chdir` Terraform takes paths from there, also that of the plan file. */
function pathFor({ program, env }: Typed, file: string): string {
  return program.some((word) => /^-?-chdir=/.test(word)) ? file : resolve(folderOf(env), file)
}

const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|_KEY$|^TF_VAR_/

function maskFor(made: Plan | null, env: Environment): (text: string) => string {
  const own = Object.entries(env).flatMap(([name, value]) => (value && SECRET_NAME.test(name) ? [value] : []))
  return createMask([...(made ? secretsOf(made) : []), ...own])
}

function line({ program, verb }: Typed): string {
  return [...program, verb].join(' ')
}
