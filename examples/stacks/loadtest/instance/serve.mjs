import { createServer } from 'node:http'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './processes.mjs'
import { clear, readRecord, writeRecord } from './record.mjs'

const watchEveryMs = 500

/** The instance: noted on disk before it serves, so that it can be found whenever the start is cut off. */
export async function serve(context) {
  const { service, version } = context.settings
  const record = { pid: process.pid, service, version, consul: context.consul.address }
  writeRecord(context.dir, record)
  await Promise.all([watch(context), boot(context, record)])
}

async function boot({ dir, consul, settings }, record) {
  const id = basename(dir)
  const { service, version, bootSeconds = 0 } = settings
  await sleep(bootSeconds * 1000)
  if (version === 'broken' && service === 'loadtest-app') {
    throw new Error(`Image ${version} does not boot: the application ended with a failed assertion.`)
  }
  const port = await listen({ service, id, version, pid: process.pid })
  await consul.register({
    ID: id,
    Name: service,
    Address: '127.0.0.1',
    Port: port,
    Tags: [version],
    Meta: { image_version: version },
    Check: {
      CheckID: `${id}-http`,
      Name: 'HTTP /health',
      HTTP: `http://127.0.0.1:${port}/health`,
      Interval: '1s',
      Timeout: '5s',
      DeregisterCriticalServiceAfter: '10m',
    },
  })
  writeRecord(dir, { ...record, port })
}

/** A free port of the loopback interface, picked by the system. */
function listen(identity) {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname
    const bodies = { '/': JSON.stringify(identity), '/health': JSON.stringify({ status: 'passing' }) }
    const found = Object.hasOwn(bodies, path)
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(found ? bodies[path] : JSON.stringify({ error: `Nothing at ${path}. There are / and /health.` }))
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
}

/**
 * Leaves when its record is taken away, or another instance has taken its place, or when Terraform ended without having
 * put this instance into the state: a killed Terraform loses what it created last, and no destroy would come for it.
 */
async function watch({ dir, consul, settings }) {
  let kept = !settings.statePath
  for (; ; await sleep(watchEveryMs)) {
    const owner = readRecord(dir)?.pid
    if (owner !== undefined && owner !== process.pid) process.exit(0)
    if (owner === undefined) await leave({ dir, consul, why: 'its record is gone' })
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

async function leave({ dir, consul, why }) {
  process.stderr.write(`Leaving: ${why}.\n`)
  try {
    await consul.deregister(basename(dir))
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
  }
  clear(dir)
  process.exit(0)
}
