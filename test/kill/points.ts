import { ChildProcess } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { basename, join } from 'node:path'
import { Redis } from 'ioredis'
import { callOf, programOf, subjectsOf } from './subjects.ts'

/**
 * Preloaded into bots and workers. Each write, spawn and message that they make passes named points: `judged.before`, `judged.sent`
 * (on its way, its answer not heard), `judged.after`. A process that finds `<pid>.armed` in the folder kills itself with SIGKILL when it
 * passes the point named there the n-th time, and leaves `<pid>.fired`; with `stop` it only stands still, until somebody sends SIGCONT.
 */
const folder = process.env.KILL_POINTS ?? ''
const file = (ending: string) => join(folder, `${process.pid}.${ending}`)

type Wish = { point: string; nth: number; stop?: boolean }

let armed: { point: string; left: number; stop: boolean } | null = null

setInterval(() => {
  try {
    const { point, nth, stop = false } = JSON.parse(readFileSync(file('armed'), 'utf8')) as Wish
    rmSync(file('armed'))
    armed = point ? { point, left: nth, stop } : null
  } catch {
    // Nothing new, as nearly always.
  }
}, 20).unref()

function pass(point: string): void {
  if (armed?.point !== point) return
  armed.left -= 1
  if (armed.left > 0) return
  const signal = armed.stop ? 'SIGSTOP' : 'SIGKILL'
  armed = null
  end(point, signal)
}

function end(point: string, signal: 'SIGSTOP' | 'SIGKILL'): void {
  writeFileSync(file('fired'), point)
  process.kill(process.pid, signal)
}

/** The same for its start: a process that finds `<role>.start` takes it, and dies at its n-th step, which is any command or new file. */
let startSteps = takeStart()

function takeStart(): number {
  try {
    const role = basename(process.argv[1] ?? '', '.ts')
    renameSync(join(folder, `${role}.start`), file('start'))
    return (JSON.parse(readFileSync(file('start'), 'utf8')) as { nth: number }).nth
  } catch {
    return 0
  }
}

function stepOfStart(): void {
  if (startSteps === 0) return
  startSteps -= 1
  if (startSteps === 0) end('start', 'SIGKILL')
}

/** Goes past the three points of something that is sent and answered. */
function passing<T>(subjects: readonly string[], send: () => T): T {
  const passAll = (moment: string) => {
    for (const subject of subjects) pass(`${subject}.${moment}`)
  }
  passAll('before')
  const answer = send()
  passAll('sent')
  const after = () => passAll('after')
  if (answer instanceof Promise) answer.then(after, () => {})
  else setImmediate(after)
  return answer
}

const { sendCommand } = Redis.prototype
Redis.prototype.sendCommand = function (command, stream) {
  stepOfStart()
  const subjects = subjectsOf(command)
  const send = () => sendCommand.call(this, command, stream)
  return subjects.length > 0 ? passing(subjects, send) : send()
}

/**
 * `init`, `show`, `plan`: before its start, just started, ended. `apply`: before its start, just started, a moment later. `end` is that of
 * the apply: its process has ended, its exit was read, and the state is asked for what came of it.
 */
type Spawning = ChildProcess & { spawn(options: { args?: string[] }): number }
const child = ChildProcess.prototype as Spawning
const { spawn } = child
child.spawn = function (options) {
  const { name, durable } = programOf(options.args ?? [])
  const apply = durable && name === 'apply'
  pass(`${name}.before`)
  if (name === 'state') pass('end.after')
  const answer = spawn.call(this, options)
  pass(`${name}.sent`)
  if (apply) setImmediate(() => pass('apply.after'))
  this.once('exit', () => pass(apply ? 'end.before' : `${name}.after`))
  return answer
}

const { open, readFile } = promises
promises.open = async (path, flags, mode) => {
  if (flags === 'wx') stepOfStart()
  const started = flags === 'wx' && /terraform\.apply-\d+\/process\/started$/.test(String(path))
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
promises.readFile = (async (...given: Parameters<typeof readFile>) => {
  const text = await readFile(...given)
  if (/terraform\.apply-\d+\/process\/exit$/.test(String(given[0]))) pass('end.sent')
  return text
}) as typeof readFile
syncBuiltinESMExports()

const fetched = globalThis.fetch
globalThis.fetch = (input, init) => {
  const { pathname } = new URL(input instanceof Request ? input.url : input)
  const subject = callOf(basename(pathname), init?.body)
  const send = () => fetched(input, init)
  return subject ? passing([subject], send) : send()
}

/**
 * What goes to Slack over Socket Mode is nothing but acknowledgements, which carry the answers to commands. `click`: it came and nobody
 * heard of it, those who listen have it in hand, it is acknowledged.
 */
const { WebSocket } = createRequire(import.meta.url)('undici') as { WebSocket: typeof globalThis.WebSocket }
const { send, dispatchEvent } = WebSocket.prototype
const clicks = new Set<string>()
WebSocket.prototype.send = function (data) {
  passing(['ack'], () => send.call(this, data))
  const id = /"envelope_id":"([^"]+)"/.exec(String(data))?.[1]
  if (id && clicks.delete(id)) pass('click.after')
}
WebSocket.prototype.dispatchEvent = function (event) {
  const text = event.type === 'message' ? String((event as MessageEvent).data) : ''
  const id = text.includes('"block_actions"') ? /"envelope_id":\s*"([^"]+)"/.exec(text)?.[1] : undefined
  if (id === undefined) return dispatchEvent.call(this, event)
  clicks.add(id)
  pass('click.before')
  const answer = dispatchEvent.call(this, event)
  pass('click.sent')
  return answer
}
