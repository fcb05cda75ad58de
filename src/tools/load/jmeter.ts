import { type ChildProcess, spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine, EngineEnd, OnSample, ShareSpec } from './engine.ts'
import { createJtlReader } from './jtl.ts'

const READ_EVERY_MS = 500
/** What a plan that keeps to `duration` may take longer than that, for its start and its end. */
const LONGER_S = 60
/** How long JMeter has to write its results once it was interrupted. */
const LAST_WORDS_MS = 5_000

/**
 * A JMeter plan, headless, in a process of the same group. The plan reads its share as properties: `${__P(threads)}`, `${__P(duration)}`,
 * `${__P(rate)}`, `${__P(target)}`, `${__P(host)}`, `${__P(port)}`, `${__P(path)}`. JMeter's exit code is 0 whatever happened: its results
 * and the line `... end of run` say how it ended.
 */
export const withJmeter: Engine = async (spec, onSample, signal) => {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const child = spawn(spec.jmeter, argvOf(spec), { cwd: spec.folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = goneOf(child)
  const stop = () => child.kill('SIGINT')
  signal.addEventListener('abort', stop, { once: true })
  const results = followJtl(join(spec.folder, 'results.jtl'), onSample)
  const { ended, late } = await untilGone(child, { gone, signal, read: results.read, most: spec.seconds + LONGER_S })
  const { samples, last, wrong } = await results.end()
  const measured = samples > 0 ? last : seconds()
  const fail = (why: string): EngineEnd => ({ end: 'failed', seconds: measured, why })
  if ('error' in ended) return fail(notStarted(spec.jmeter, ended.error))
  if (signal.aborted) return { end: 'stopped', seconds: measured }
  if (late) return fail(`JMeter did not end within ${Math.round(spec.seconds + LONGER_S)} s and was stopped`)
  if (wrong) return fail(wrong)
  if (/\.\.\. end of run/.test(ended.said) && samples > 0) return { end: 'finished', seconds: measured }
  return fail(
    `JMeter did not work: ${firstError(ended.said) ?? (samples > 0 ? 'it ended without "... end of run"' : 'it made no request')}`,
  )
}

/** Its port for stop messages listens on every interface and cannot be bound otherwise: below 1000 it is off. */
function argvOf({ plan = '', folder, connections, seconds, rate, targets, share }: ShareSpec): string[] {
  const target = targets[share % Math.max(1, targets.length)]
  const url = target === undefined ? null : new URL(target)
  const properties = {
    threads: connections,
    duration: Math.ceil(seconds),
    ...(rate === undefined ? {} : { rate }),
    ...(url ? { target, protocol: url.protocol.slice(0, -1), host: url.hostname } : {}),
    ...(url ? { port: url.port || (url.protocol === 'https:' ? 443 : 80), path: `${url.pathname}${url.search}` } : {}),
    'jmeter.save.saveservice.output_format': 'csv',
    'jmeter.save.saveservice.print_field_names': true,
    'jmeter.save.saveservice.timestamp_format': 'ms',
    'jmeter.save.saveservice.autoflush': true,
    'jmeterengine.nongui.port': 0,
  }
  const set = Object.entries(properties).map(([name, value]) => `-J${name}=${value}`)
  return ['-n', '-t', plan, '-l', join(folder, 'results.jtl'), '-j', join(folder, 'jmeter.log'), ...set]
}

type Gone = { readonly said: string } | { readonly error: NodeJS.ErrnoException }

/** What it said, once it is gone; only the beginning is kept, where the first error stands, and the end. */
function goneOf(child: ChildProcess): Promise<Gone> {
  let [first, end] = ['', '']
  const hear = (data: Buffer) => {
    const text = data.toString()
    if (first.length < 20_000) first += text
    else end = (end + text).slice(-20_000)
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }))
    child.once('close', () => resolve({ said: `${first}\n${end}` }))
  })
}

type Wait = {
  readonly gone: Promise<Gone>
  readonly signal: AbortSignal
  readonly read: () => Promise<void>
  readonly most: number
}

async function untilGone(
  child: ChildProcess,
  { gone, signal, read, most }: Wait,
): Promise<{ ended: Gone; late: boolean }> {
  const until = performance.now() + most * 1000
  let killAt = Number.POSITIVE_INFINITY
  for (;;) {
    const ended = await Promise.race([gone, sleep(READ_EVERY_MS, null)])
    if (ended) return { ended, late: performance.now() > until }
    await read()
    const now = performance.now()
    if (killAt === Number.POSITIVE_INFINITY && (signal.aborted || now > until)) {
      if (!signal.aborted) child.kill('SIGINT')
      killAt = now + LAST_WORDS_MS
    }
    if (now > killAt) child.kill('SIGKILL')
  }
}

/** Reads results while they are written, and times them from the beginning of the first request. */
function followJtl(path: string, onSample: OnSample) {
  const reader = createJtlReader()
  const decoder = new StringDecoder('utf8')
  let [offset, samples, first, last] = [0, 0, 0, 0]
  let wrong: string | null = null

  function give(found: ReturnType<typeof reader.read>): void {
    for (const { began, ended, ms, error } of found) {
      first ||= began
      samples += 1
      last = Math.max(last, (ended - first) / 1000)
      // What Java threw came from no answer: how long that took says nothing of the target.
      const answered = error === null || !/(Exception|Error)$/.test(error)
      onSample({ at: Math.max(0, (ended - first) / 1000), ms: answered ? ms : null, error })
    }
  }

  async function read(): Promise<void> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return null // JMeter makes it with its first result
    })
    if (!file || wrong) return void file?.close()
    try {
      for (;;) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(1 << 20), 0, 1 << 20, offset)
        if (bytesRead === 0) return
        offset += bytesRead
        give(reader.read(decoder.write(buffer.subarray(0, bytesRead))))
      }
    } catch (error) {
      wrong = error instanceof Error ? error.message : String(error)
    } finally {
      await file.close()
    }
  }

  return {
    read,
    async end() {
      await read()
      if (!wrong) give(reader.end())
      return { samples, last, wrong }
    },
  }
}

function notStarted(program: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT')
    return `there is no \`${program}\` on the PATH of this generator: install JMeter, or name its full path in the site`
  return `\`${program}\` could not be started: ${message}`
}

/** The first line that tells of an error; Java's frames (`at …`) say nothing to anybody here. */
function firstError(said: string): string | undefined {
  const lines = said.split('\n').map((line) => line.trim())
  return lines
    .find((line) => /error|exception|not found|cannot|could not/i.test(line) && !/^(at |summary)/.test(line))
    ?.slice(0, 300)
}
