import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, startOf } from './processes.mjs'
import { clear, readRecord, writeRecord } from './record.mjs'

const watchEveryMs = 500

/** Runs the app of the image and stays beside it: noted on disk before it begins, so that it can be found whenever the start is cut off. */
export async function serve(context) {
  const { service, version } = context.settings
  const record = { pid: process.pid, service, version, consul: context.consul.address }
  writeRecord(context.dir, record)
  await Promise.all([watch(context), boot(context, record)])
}

async function boot({ dir, consul, settings }, record) {
  const id = basename(dir)
  const { service, version, standby, bootSeconds = 0 } = settings
  await sleep(bootSeconds * 1000)
  const { app, address, port } = await runApp(dir)
  // Noted at once: whoever ends this instance has to find its app.
  writeRecord(dir, { ...record, app })
  await consul.register({
    ID: id,
    Name: service,
    Address: address,
    Port: port,
    Tags: [version],
    Meta: { version },
    Check: {
      CheckID: `${id}-http`,
      Name: 'HTTP /health',
      HTTP: `http://${address}:${port}/health`,
      Interval: '1s',
      Timeout: '5s',
      DeregisterCriticalServiceAfter: '10m',
    },
  })
  if (standby) await consul.maintenance(id, `${version} waits to be put into service`)
  writeRecord(dir, { ...record, app, port })
}

/** The image's own program, with a free port; it says on its first line where it listens. A sick app stays: its check says so. */
async function runApp(dir) {
  const child = spawn(join(dir, 'image', 'start'), [], {
    cwd: join(dir, 'image'),
    // biome-ignore lint/style/noProcessEnv: the app gets where to listen and what it needs to run, and nothing else.
    env: { PATH: process.env.PATH, NODE: process.execPath, HOST: '127.0.0.1', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const failed = new Promise((_, reject) => {
    child.once('error', (error) => reject(new Error(`The image does not start: ${error.message}`)))
    child.once('exit', (code, signal) =>
      reject(new Error(`The app of the image ended (${signal ?? `exit code ${code}`}).`)),
    )
  })
  const [line] = await Promise.race([once(lines, 'line'), failed])
  lines.on('line', (text) => process.stdout.write(`${text}\n`))
  failed.catch((error) => process.stderr.write(`${error.message}\n`))
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => endWith(child))
  const [, address, port] = /([\w.:-]+):(\d+)\s*$/.exec(line) ?? []
  if (!port) throw new Error(`The app of the image does not say where it listens; it said: ${line}`)
  return { app: { pid: child.pid, start: startOf(child.pid) }, address, port: Number(port) }
}

/** The signal goes to the group, so that the app has it too. */
function endWith(child) {
  if (child.exitCode !== null || child.signalCode !== null) process.exit(0)
  child.once('exit', () => process.exit(0))
}

/**
 * Leaves when its record is taken away, or another instance has taken its place, or when Terraform ended without having
 * put this instance into the state: a killed Terraform loses what it created last, and no destroy would come for it.
 */
async function watch({ dir, consul, settings }) {
  let kept = !settings.statePath
  for (; ; await sleep(watchEveryMs)) {
    const owner = readRecord(dir)?.pid
    if (owner !== process.pid) await leave({ dir, consul, why: 'its record is gone' })
    if (kept || isAlive(settings.terraform)) continue
    const held = await askedState(consul, settings)
    if (held === false) await leave({ dir, consul, why: 'Terraform ended without keeping it' })
    kept = held === true
  }
}

/** Undefined, so asked again, while Consul does not answer. */
async function askedState(consul, { statePath, slot }) {
  try {
    return await consul.stateHolds(statePath, slot)
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    return undefined
  }
}

/** With its app: everything of its group ends here. */
async function leave({ dir, consul, why }) {
  process.stderr.write(`Leaving: ${why}.\n`)
  try {
    await consul.deregister(basename(dir))
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
  }
  clear(dir)
  process.removeAllListeners('SIGTERM')
  process.kill(-process.pid, 'SIGTERM')
}
