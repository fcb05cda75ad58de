import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import { jobNamed } from '../core/jenkins/named.ts'
import { MARK } from '../core/jenkins/settings.ts'
import { stageFile } from '../core/stage/files.ts'
import type { Fields, Outcome, RunContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { runBuild } from '../tools/jenkins/build.ts'
import type { BuildRequest, BuildResult } from '../tools/jenkins/request.ts'
import { buildResult, CONSOLE, RESULT } from '../tools/jenkins/request.ts'
import { given, misfit, wished } from './given.ts'
import { certificates } from './http.ts'
import { tailOf } from './stream.ts'
import { maskFor } from './workplace.ts'

const input = z.strictObject({
  /** One of the jobs of the site. */
  job: z.string(),
  /** Values for the parameters that the site says it takes. */
  with: wished,
})
type Input = z.infer<typeof input>

const planned = z.object({
  job: z.string(),
  url: z.string(),
  user: z.string(),
  token: z.string(),
  parameters: z.record(z.string(), z.string()),
  takes: z.record(z.string(), z.string()),
  unstable: z.boolean(),
  poll: z.number(),
  timeout: z.string(),
  with: given,
})
type Planned = z.infer<typeof planned>

const PROGRAM = join(import.meta.dirname, '../tools/jenkins/call.ts')

/** How long its program may go on after the time is over: Jenkins gets a minute of it to stop the build. */
const GRACE = 90_000

/** What it gives, so that references to it are checked when they are planned. */
const output = z.object({
  result: z.string(),
  number: z.number(),
  url: z.string(),
  files: z.array(z.string()).optional(),
})

/**
 * Starts a job that the site lists, at most once, and follows it to its end. Where what followed it is gone the build is looked for by its mark,
 * and followed again; only where there is none nobody knows, and people are asked.
 */
export const jenkinsKind: StageKind<Input> = {
  kind: 'jenkins',
  input,
  repeatable: false,
  output,
  plan({ job, with: values }, { site }) {
    const { url, user, token, parameters, takes, unstable, poll, timeout } = jobNamed(site, job)
    for (const name of Object.keys(values)) {
      if (!Object.hasOwn(takes, name)) throw new Error(`The job ${job} takes no \`${name}\` (jenkins.${job}.takes).`)
    }
    const fixed = { job, url, user, token, parameters: { ...parameters }, takes: { ...takes } }
    return { ...fixed, unstable, poll: milliseconds(poll), timeout, with: values }
  },
  run: (fields, context) => runJob(planned.parse(fields), context),
}

async function runJob(job: Planned, context: RunContext): Promise<Outcome> {
  const { inherit, directory, adopted } = context
  const wrong = adopted ? null : misfit(job.with, job.takes)
  if (wrong) return { kind: 'failed', error: `${job.job} was not started: ${wrong}` }
  const missing = [job.user, job.token].filter((name) => !inherit[name]?.trim())
  if (missing.length > 0 && !adopted)
    return { kind: 'failed', error: `${missing.join(' and ')} not set on ${context.host}; nothing was started.` }
  const mask = maskFor(context, [inherit[job.token] ?? ''])
  const request = requestOf(job, context)
  const file = join(directory, 'request.json')
  if (!adopted) await writeFile(file, JSON.stringify(request), { mode: 0o600 })
  const onLine = (line: string) => {
    if (line.startsWith(RESULT)) return
    context.log(line, mask)
    context.progress(mask(line.startsWith(CONSOLE) ? line.slice(CONSOLE.length) : line).slice(0, 200))
  }
  const spec = {
    argv: [process.execPath, PROGRAM, file],
    cwd: directory,
    env: { PATH: inherit.PATH ?? '/usr/bin:/bin', ...certificates(inherit) },
  }
  const end = await context.process({ ...spec, timeout: milliseconds(job.timeout) + GRACE }, onLine)
  if (end.end === 'never-started')
    return context.signal.aborted
      ? { kind: 'canceled', why: 'Nothing was started yet.' }
      : { kind: 'failed', error: 'It was never started: its worker died just before. Ask again.' }
  const [out, err] = await Promise.all([tailOf(end.out), tailOf(end.err)])
  const more: string[] = []
  const say = (line: string) => {
    more.push(line)
    onLine(line)
  }
  const result = resultIn(out) ?? (await runBuild(request, { start: false, stop: context.signal, say }))
  const name = stageFile({ id: context.stage, kind: 'jenkins' }, 'log.txt')
  const lines = out.split('\n').filter((line) => !line.startsWith(RESULT))
  await context.artifacts.put(name, Buffer.from(mask([...lines, ...more, err].join('\n').trim())))
  return outcomeOf(job, result, { files: { files: [name] }, asked: context.signal.aborted })
}

function requestOf(job: Planned, { inherit, execution, stage, attempt }: RunContext): BuildRequest {
  const values = Object.entries(job.with).map(([name, value]) => [name, String(value)])
  return {
    ...{ job: job.url, user: inherit[job.user]?.trim() ?? '', token: inherit[job.token]?.trim() ?? '' },
    parameters: { ...job.parameters, ...Object.fromEntries(values) },
    mark: { name: MARK, value: `${execution}-${stage}-${attempt}` },
    ...{ poll: job.poll, timeout: milliseconds(job.timeout) },
  }
}

type Asked = { readonly files: { files: string[] }; readonly asked: boolean }

/** What somebody stopped in Jenkins has failed; only what we were asked to stop is canceled. */
function outcomeOf({ job, unstable, timeout }: Planned, ended: BuildResult, { files, asked }: Asked): Outcome {
  const stopped = (why: string, output: Fields): Outcome =>
    asked ? { kind: 'canceled', why, output } : { kind: 'failed', error: why, output }
  if (ended.kind === 'refused') return { kind: 'failed', error: `${job} was not started. ${ended.why}`, output: files }
  if (ended.kind === 'dropped') return stopped(ended.why, files)
  if (ended.kind === 'lost')
    return { kind: 'unknown', why: `${ended.why} Look at ${job} in Jenkins.`, output: { ...files, vanished: true } }
  const { result, number, url, late } = ended
  const output = { result, number, url, ...files }
  if (result === 'SUCCESS' || (result === 'UNSTABLE' && unstable)) return { kind: 'succeeded', output }
  const what = `Build ${number} of ${job}`
  if (late)
    return {
      kind: 'failed',
      error: `${what} did not end within ${timeout} and was stopped (${result}). ${url}`,
      output,
    }
  if (result === 'ABORTED') return stopped(`${what} was aborted. ${url}`, output)
  return { kind: 'failed', error: `${what} ended with ${result}. ${url}`, output }
}

function resultIn(out: string): BuildResult | null {
  const line = out.split('\n').findLast((each) => each.startsWith(RESULT))
  try {
    return line === undefined ? null : buildResult.parse(JSON.parse(line.slice(RESULT.length)))
  } catch {
    return null // cut off in the middle: its program was killed
  }
}

/** A job of Jenkins in a workflow: `jenkins({ job: 'smoke', with: { VERSION: { ref: 'release.choose.version' } } })`. */
export function jenkins({ job, with: values, ...shape }: Shape & z.input<typeof input>): StageDraft {
  return { kind: jenkinsKind.kind, input: { job, ...(values ? { with: values } : {}) }, ...shape }
}
