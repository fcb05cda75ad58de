import { ChildProcess } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { basename, join } from 'node:path'
import { type Command, Redis } from 'ioredis'

/**
 * Preloaded into bots and workers. Each write, spawn and message that they make passes named points: `commit.before`, `commit.sent`
 * (on its way, its answer not heard), `commit.after`. A process that finds `<pid>.armed` in the folder kills itself with SIGKILL when it
 * passes the point named there the n-th time, and leaves `<pid>.fired`.
 */
const folder = process.env.KILL_POINTS ?? ''
const file = (ending: string) => join(folder, `${process.pid}.${ending}`)

let armed: { point: string; left: number } | null = null

setInterval(() => {
  try {
    const { point, nth } = JSON.parse(readFileSync(file('armed'), 'utf8')) as { point: string; nth: number }
    rmSync(file('armed'))
    armed = point ? { point, left: nth } : null
  } catch {
    // Nothing new, as nearly always.
  }
}, 20).unref()

function pass(point: string): void {
  if (armed?.point !== point) return
  armed.left -= 1
  if (armed.left > 0) return
  writeFileSync(file('fired'), point)
  process.kill(process.pid, 'SIGKILL')
}

/** Goes past the three points of something that is sent and answered. */
function passing<T>(subject: string, send: () => T): T {
  pass(`${subject}.before`)
  const answer = send()
  pass(`${subject}.sent`)
  const after = () => pass(`${subject}.after`)
  if (answer instanceof Promise) answer.then(after, () => {})
  else setImmediate(after)
  return answer
}

const READS = /^(get|hget|hmget|exists|zrevrange|zrange|info|ping|subscribe|client|hello|xrange|xrevrange)$/i

/** What a command of Redis is about, by what it writes; null for what only reads. */
const SUBJECTS: readonly [RegExp, string][] = [
  [/"records":/, 'commit'],
  [/bull:/, 'queue'],
  [/groundcrew:audit/, 'audit'],
  [/groundcrew:message:\w+:/, 'remember'],
  [/outbox:intents/, 'intend'],
  [/groundcrew:outbox/, 'outbox'],
  [/groundcrew:effects/, 'effects'],
  [/groundcrew:artifact/, 'artifact'],
  [/groundcrew:seen/, 'seen'],
]

function subjectOf({ name, args }: Command): string | null {
  if (READS.test(name)) return null
  // A script's own text says nothing: only its keys and arguments do.
  const words = /^eval/i.test(name) ? args.slice(1) : args
  const text = words.map((word) => (Buffer.isBuffer(word) ? '' : String(word).slice(0, 4000))).join(' ')
  return SUBJECTS.find(([pattern]) => pattern.test(text))?.[1] ?? null
}

const { sendCommand } = Redis.prototype
Redis.prototype.sendCommand = function (command, stream) {
  const subject = subjectOf(command)
  const send = () => sendCommand.call(this, command, stream)
  return subject ? passing(subject, send) : send()
}

type Spawning = { spawn(options: { args?: string[] }): number }
const child = ChildProcess.prototype as unknown as Spawning
const { spawn } = child
child.spawn = function (options) {
  const subject = options.args?.includes('groundcrew-run') ? 'process' : 'command'
  return passing(subject, () => spawn.call(this, options))
}

const { open, link } = promises
promises.open = async (path, flags, mode) => {
  const started = flags === 'wx' && basename(String(path)) === 'started'
  if (!started) return open(path, flags, mode)
  pass('started.before')
  const handle = await open(path, flags, mode)
  pass('started.sent')
  const sync = handle.sync.bind(handle)
  handle.sync = async () => {
    await sync()
    pass('started.after')
  }
  return handle
}
promises.link = (from, to) => passing('void', () => link(from, to))
syncBuiltinESMExports()

const METHODS: Readonly<Record<string, string>> = {
  'chat.postMessage': 'post',
  'chat.update': 'edit',
  'chat.delete': 'delete',
  'conversations.history': 'history',
  'conversations.replies': 'history',
  'files.completeUploadExternal': 'upload',
}

const fetched = globalThis.fetch
globalThis.fetch = (input, init) => {
  const { pathname } = new URL(input instanceof Request ? input.url : input)
  const subject = METHODS[basename(pathname)]
  const send = () => fetched(input, init)
  return subject ? passing(subject, send) : send()
}

/** What goes to Slack over Socket Mode is nothing but acknowledgements, which carry the answers to commands. */
const { WebSocket } = createRequire(import.meta.url)('undici') as { WebSocket: typeof globalThis.WebSocket }
const { send } = WebSocket.prototype
WebSocket.prototype.send = function (data) {
  passing('ack', () => send.call(this, data))
}
