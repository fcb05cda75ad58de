import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { callAddress, secretsOfAddress } from '../core/call/address.ts'
import { callNamed } from '../core/call/named.ts'
import { milliseconds } from '../core/duration.ts'
import { stageFile } from '../core/stage/files.ts'
import type { Fields, Json, Outcome, RunContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import type { HttpRequest, HttpResult } from '../tools/http/request.ts'
import { httpResult, RESULT } from '../tools/http/request.ts'
import { OURS } from './script.ts'
import { tailOf } from './stream.ts'
import { maskFor } from './workplace.ts'

const input = z.strictObject({
  /** One of the calls of the site. */
  call: z.string(),
  /** Sent as JSON; references to earlier stages stand where their values go. */
  body: z.json().optional(),
})
type Input = z.infer<typeof input>

const planned = z.object({
  call: z.string(),
  body: z.json().optional(),
  method: z.string(),
  url: z.string().optional(),
  secretUrl: z.string().optional(),
  headers: z.record(z.string(), z.string()),
  secrets: z.record(z.string(), z.string()),
  expect: z.array(z.union([z.number(), z.string()])),
  again: z.boolean(),
  retries: z.number(),
  timeout: z.string(),
})
type Planned = z.infer<typeof planned>

const PROGRAM = join(import.meta.dirname, '../tools/http/call.ts')
const MOST_OUTPUT = 16_000
const MOST_SAID = 500

/** How long its program may take to say that the time is over, before it is killed. */
const GRACE = 10_000

/**
 * Calls an address that the site lists, by a program that is started at most once and outlives its worker. It is sent a second time only where
 * the site says that it may be, or where it never left; where nobody knows whether it was taken, it is unknown.
 */
export const httpKind: StageKind<Input> = {
  kind: 'http',
  input,
  repeatable: false,
  forcible: true,
  plan({ call, body }, { site }) {
    const { method, url, secret_url, headers, secret_headers, expect, retries, timeout, ...settings } = callNamed(
      site,
      call,
    )
    if (body !== undefined && method === 'GET') throw new Error(`The call ${call} is a GET, which has no body.`)
    const again = settings.idempotent ?? method === 'GET'
    const where = url === undefined ? { secretUrl: secret_url } : { url }
    const planned = { call, method, ...where, headers, secrets: secret_headers, expect, again, retries, timeout }
    return { ...planned, ...(body === undefined ? {} : { body }) } as Fields
  },
  run: (fields, context) => runCall(planned.parse(fields), context),
}

async function runCall(call: Planned, context: RunContext): Promise<Outcome> {
  const { inherit, directory } = context
  const wrong = context.adopted ? null : wrongSecret(call, context)
  if (wrong) return { kind: 'failed', error: `${wrong}; nothing was sent.` }
  const address = call.secretUrl === undefined ? [] : secretsOfAddress(inherit[call.secretUrl] ?? '')
  const mask = maskFor(context, [...Object.values(call.secrets).flatMap((name) => inherit[name] ?? []), ...address])
  const file = join(directory, 'request.json')
  if (!context.adopted) await writeFile(file, JSON.stringify(requestOf(call, context)), { mode: 0o600 })
  const onLine = (line: string) => {
    if (line.startsWith(RESULT)) return
    context.log(line, mask)
    context.progress(mask(line).slice(0, 200))
  }
  const env = { PATH: inherit.PATH ?? '/usr/bin:/bin', ...certificates(inherit) }
  const spec = { argv: [process.execPath, PROGRAM, file], cwd: directory, env }
  const end = await context.process({ ...spec, timeout: milliseconds(call.timeout) + GRACE }, onLine)
  const [out, err] = await Promise.all([tailOf(end.out), tailOf(end.err)])
  const log = stageFile({ id: context.stage, kind: 'http' }, 'log.txt')
  const result = resultIn(out)
  await context.artifacts.put(log, Buffer.from(mask([spoken(out, result), err].filter(Boolean).join('\n'))))
  const files = { files: [log] }
  if (end.end === 'never-started')
    return context.signal.aborted
      ? { kind: 'canceled', why: 'Nothing was sent yet.' }
      : { kind: 'failed', error: 'It was never sent: its worker died just before. Ask again.' }
  if (result) return outcomeOf(call, result, mask, files)
  const why = `The program that calls ${call.call} ended without a trace. Whether it was taken is not known.`
  return { kind: 'unknown', why, output: { ...files, vanished: true } }
}

/** What is wrong with the variables that the call needs, without their values; null where nothing is. */
function wrongSecret({ secrets, secretUrl }: Planned, { inherit, host }: RunContext): string | null {
  const missing = [...Object.values(secrets), ...(secretUrl ? [secretUrl] : [])].filter(
    (name) => !inherit[name]?.trim(),
  )
  if (missing.length > 0) return `${missing.join(', ')} is not set on ${host}`
  const odd = Object.values(secrets).filter((name) => !isHeaderValue(inherit[name] ?? ''))
  if (odd.length > 0) return `${odd.join(', ')} on ${host} has signs that no header may have`
  if (secretUrl === undefined || callAddress(inherit[secretUrl] ?? '') !== null) return null
  return `${secretUrl} on ${host} is no address that begins with http:// or https:// and has no user in it`
}

/** RFC 9110, 5.5: no line breaks. What is refused only when it is sent would be told with its value, and as perhaps sent. */
function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value.trim())
}

function requestOf(call: Planned, { inherit, execution, stage, attempt }: RunContext): HttpRequest {
  const { method, secretUrl, body, expect, again, retries } = call
  const url = call.url ?? callAddress(inherit[secretUrl ?? ''] ?? '') ?? ''
  const shown = secretUrl === undefined ? {} : { shown: `the address in ${secretUrl}` }
  const secrets = Object.entries(call.secrets).map(([header, name]) => [header, inherit[name]?.trim() ?? ''])
  const key = `${execution}-${stage}${attempt > 1 ? `-${attempt}` : ''}`
  const typed = body === undefined ? {} : { 'content-type': 'application/json' }
  const headers = { accept: 'application/json', ...typed, ...call.headers, ...Object.fromEntries(secrets) }
  return {
    ...{ method, url, ...shown, expect, again, retries, wait: 1000, timeout: milliseconds(call.timeout) },
    headers: { 'user-agent': 'groundcrew', ...headers, 'idempotency-key': key },
    body: body === undefined ? null : JSON.stringify(body),
  }
}

function outcomeOf(call: Planned, result: HttpResult, mask: (text: string) => string, files: Fields): Outcome {
  const { tries } = result
  if (result.kind === 'answered') {
    const text = mask(result.text)
    const output = { ...fieldsOf(text), status: result.status, tries, ...files }
    if (result.expected) return { kind: 'succeeded', output }
    const said = text.trim() ? `:\n${text.trim().slice(0, MOST_SAID)}` : '.'
    return {
      kind: 'failed',
      error: `${call.call} answered ${result.status}, not ${call.expect.join(' or ')}${said}`,
      output,
    }
  }
  const output = { tries, ...files }
  const why = mask(result.why)
  if (!result.sent || call.again)
    return result.canceled
      ? { kind: 'canceled', why, output }
      : {
          kind: 'failed',
          error: `${call.call} could not be called, ${tries} ${tries === 1 ? 'try' : 'tries'}. ${why}`,
          output,
        }
  return {
    kind: 'unknown',
    why: `${why} Whether ${call.call} took it is not known, and it may not be sent twice.`,
    output,
  }
}

/** The fields of a JSON answer that is not too long; nothing in it may speak to the engine. */
function fieldsOf(text: string): Fields {
  if (text.length > MOST_OUTPUT) return {}
  try {
    const found = z.record(z.string(), z.json()).parse(JSON.parse(text))
    return Object.fromEntries(Object.entries(found).filter(([name]) => !OURS.includes(name)))
  } catch {
    return {}
  }
}

function resultIn(out: string): HttpResult | null {
  const line = out.split('\n').findLast((each) => each.startsWith(RESULT))
  try {
    return line === undefined ? null : httpResult.parse(JSON.parse(line.slice(RESULT.length)))
  } catch {
    return null // cut off in the middle: its program was killed
  }
}

function spoken(out: string, result: HttpResult | null): string {
  const lines = out.split('\n').filter((line) => !line.startsWith(RESULT))
  return [...lines, result?.kind === 'answered' ? result.text : ''].join('\n').trim()
}

/** Certificates that a private authority signed are known where the worker knows them: from a file, or from its machine. */
export function certificates(inherit: Readonly<Record<string, string>>): Record<string, string> {
  const names = ['NODE_EXTRA_CA_CERTS', 'NODE_USE_SYSTEM_CA']
  return Object.fromEntries(names.flatMap((name) => (inherit[name] ? [[name, inherit[name]]] : [])))
}

/** A call in a workflow: `http({ call: 'pager', body: { version: { ref: 'release.choose.version' } } })`. */
export function http({ call, body, ...shape }: Shape & { readonly call: string; readonly body?: Json }): StageDraft {
  return { kind: httpKind.kind, input: { call, ...(body === undefined ? {} : { body }) }, ...shape }
}
