// script/demo becomes this: one process that starts the whole of Groundcrew and, when it is told to end, leaves nothing behind.

import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { readSite } from '../../src/config/site.ts'
import { messageOf, UserError } from '../../src/errors.ts'
import { openBrowser } from './browser.ts'
import { claimFolder } from './claim.ts'
import { type DemoFolder, demoFolder } from './folder.ts'
import { type Death, deathNotice, guide } from './guide.ts'
import { type DemoOptions, readOptions, usage } from './options.ts'
import { createRoster, endLeftovers } from './roster.ts'
import { choosePorts, neutral, siteFile, writeSettings } from './settings.ts'
import { type Parts, startParts } from './start.ts'
import { stopParts } from './stop.ts'
import { interruptTerraform, stopInstances } from './terraform.ts'

const say = (line: string) => void process.stderr.write(`demo: ${line}\n`)

// A terminal that is closed must not keep the demo from ending well.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const given = { folder: process.env.GROUNDCREW_DEMO_DIR, logLevel: process.env.LOG_LEVEL }
const environment = neutral(process.env)
// The parts, and Terraform in the end, are started with the environment of this process.
for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]

process.exit(await main().catch(failed))

async function main(): Promise<number> {
  const options = asked()
  if (typeof options === 'number') return options
  const stopping = listenForStop()
  const folder = demoFolder(given.folder)
  mkdirSync(folder.dir, { recursive: true, mode: 0o700 })
  const release = await claimFolder(folder.file('demo.json'), urlOf(options))
  try {
    await clearUp(folder, options)
    return await runDemo(folder, options, stopping)
  } finally {
    release()
  }
}

function asked(): DemoOptions | number {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options) return options
    process.stdout.write(`${usage}\n`)
    return 0
  } catch (error) {
    failed(error)
    return 2
  }
}

/** What an earlier demo left: a SIGKILL leaves its processes, and `--fresh` wants nothing of it. */
async function clearUp(folder: DemoFolder, { port, fresh }: DemoOptions): Promise<void> {
  const left = await endLeftovers(folder)
  if (left.length > 0) say(`ended what a killed demo had left running: ${left.join(', ')}`)
  await checkPort(port)
  if (fresh) {
    await interruptTerraform(folder)
    await stopInstances(folder)
    folder.clear()
  }
  folder.prepare()
}

async function checkPort(port: number): Promise<void> {
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
  try {
    await once(server, 'listening')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${code})`
    throw new UserError(
      `Port ${port} on 127.0.0.1 ${why}. Give another one: script/demo --port ${port < 65_535 ? port + 1 : 3000}`,
      {
        cause,
      },
    )
  }
  await once(server.close(), 'close')
}

async function runDemo(folder: DemoFolder, options: DemoOptions, stopping: Stopping): Promise<number> {
  const site = await readSite(siteFile)
  const ports = await choosePorts(folder, options.port)
  const settings = writeSettings(folder, ports, given.logLevel)
  const roster = createRoster(folder)
  await roster.add('demo', process.pid)
  const parts: Parts = new Map()
  let code = 0
  try {
    say('starting Redis, Consul, local-slack, stand-ins for Vault and Jenkins, a bot, a worker and a monitor')
    const onDeath = (death: Death) => say(deathNotice(death, folder))
    await startParts({ folder, roster, parts, ports, settings, signal: stopping.signal, onDeath })
    announce(folder, options, {
      consul: `http://127.0.0.1:${ports.consul}`,
      jenkins: `http://127.0.0.1:${ports.jenkins}`,
    })
    await stopping.asked
  } catch (error) {
    code = stopping.signal.aborted ? 0 : failed(error)
  }
  await stopParts({ folder, site, parts, settings, say: stopping.doing })
  roster.remove('demo', process.pid)
  say('stopped; nothing is left running')
  return code
}

function announce(folder: DemoFolder, options: DemoOptions, at: { consul: string; jenkins: string }): void {
  const url = urlOf(options)
  process.stdout.write(`ready ${url}\n${guide({ url, ...at, folder })}`)
  if (options.open) openBrowser(url, environment)
}

/** The first signal asks for the end; a further one changes nothing and is told what is being done. */
function listenForStop() {
  const controller = new AbortController()
  const asked = Promise.withResolvers<void>()
  // Nothing else keeps this process alive once all parts have died.
  const awake = setInterval(() => {}, 60_000)
  let now = 'stopping'
  const stop = () => {
    if (controller.signal.aborted) return say(`still ${now}; it ends by itself, please wait`)
    controller.abort()
    clearInterval(awake)
    asked.resolve()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const doing = (what: string) => {
    now = what
    say(what)
  }
  return { signal: controller.signal, asked: asked.promise, doing }
}

type Stopping = ReturnType<typeof listenForStop>

function urlOf({ port }: DemoOptions): string {
  return `http://127.0.0.1:${port}`
}

/** Says why, with the trace only where the fault is ours. */
function failed(error: unknown): number {
  say(error instanceof UserError || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message))
  return 1
}
