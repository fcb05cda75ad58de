import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isAlive, launcher } from './processes.mjs'
import { instancesOf, readRecord } from './record.mjs'
import { stop } from './stop.mjs'

const limitSeconds = 30

/**
 * Starts the instance in a session of its own and returns once its app listens and stands in Consul; else nothing stays. How healthy it
 * is, is for the release to judge. What had its slot before is ended last.
 */
export async function start(context) {
  const { slot, dir, consul, settings, environment } = context
  const terraform = launcher()
  const before = instancesOf(slot).filter((other) => other !== dir)
  await stop(context)
  install(slot, dir, settings)
  const statePath = consulStatePath(environment, settings.workspace)
  const instance = { ...settings, terraform, statePath }
  const child = launch(slot, dir, { ...needed(environment), INSTANCE: JSON.stringify(instance) })
  try {
    const record = await ready({ dir, consul, child, terraform, seconds: limitSeconds + (settings.bootSeconds ?? 0) })
    for (const other of before) await stop({ dir: other, consul })
    process.stdout.write(`${basename(dir)} (${settings.version}) listens on port ${record.port}\n`)
    process.exit(0)
  } catch (error) {
    const log = lastLines(join(dir, 'log'))
    await stop(context)
    throw new Error([error.message, log].filter(Boolean).join('\n'))
  }
}

/** The program is copied into the slot: the stack's copy that started it may be gone when it is to be stopped. */
function install(slot, dir, { image, version }) {
  if (!existsSync(image))
    throw new Error(`There is no ${image}: bake version ${version} first, on this machine or into a shared folder.`)
  const source = dirname(fileURLToPath(import.meta.url))
  mkdirSync(join(dir, 'image'), { recursive: true, mode: 0o700 })
  const { uid } = lstatSync(dirname(slot))
  if (uid !== process.getuid() && uid !== 0) {
    throw new Error(
      `${dirname(slot)} belongs to another user (uid ${uid}). Set the variable run_dir to a directory of yours.`,
    )
  }
  for (const file of readdirSync(source).filter((name) => name.endsWith('.mjs'))) {
    copyFileSync(join(source, file), join(slot, file))
  }
  execFileSync('tar', ['-xzf', image, '-C', join(dir, 'image')], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** The instance outlives Terraform, so it gets none of the secrets that Terraform runs with. */
function needed(environment) {
  const names = /^(PATH|SLOT_DIR|NODE_EXTRA_CA_CERTS|CONSUL_HTTP_(ADDR|TOKEN|SSL))$/
  return Object.fromEntries(Object.entries(environment).filter(([name]) => names.test(name)))
}

/** Standard output goes to a file: a child that held Terraform's pipe would keep local-exec waiting for ever. */
function launch(slot, dir, env) {
  const log = openSync(join(dir, 'log'), 'a', 0o600)
  const program = [join(slot, 'main.mjs'), 'serve', dir]
  const child = spawn(process.execPath, program, { cwd: dir, env, detached: true, stdio: ['ignore', log, log] })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {} // it has ended by itself
      process.exit(1)
    })
  }
  return child
}

async function ready({ dir, consul, child, terraform, seconds }) {
  const id = basename(dir)
  let failure
  child.once('error', (error) => {
    failure = `${id} could not be started: ${error.message}`
  })
  child.once('exit', (code, signal) => {
    failure = `${id} ended while it booted (${signal ?? `exit code ${code}`}).`
  })
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(25)) {
    if (failure) throw new Error(failure)
    if (!isAlive(terraform)) throw new Error(`Terraform is gone: ${id} was stopped again.`)
    const record = readRecord(dir)
    if (record?.port && (await consul.isRegistered(id))) return record
  }
  throw new Error(`${id} was not up after ${seconds} s and was stopped again.`)
}

/**
 * Where in Consul Terraform keeps the state it works on, as `terraform init` noted it. Null for any other backend and for a
 * Consul that is not ours: serve.mjs then takes the state's word for nothing.
 */
function consulStatePath({ TF_DATA_DIR }, workspace = 'default') {
  try {
    const { backend } = JSON.parse(readFileSync(resolve(TF_DATA_DIR || '.terraform', 'terraform.tfstate'), 'utf8'))
    const { path, address, datacenter } = backend?.type === 'consul' ? backend.config : {}
    if (!path || address || datacenter) return null
    return workspace === 'default' ? path : `${path}-env:${workspace}`
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

function lastLines(path) {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(-5).join('\n')
  } catch (error) {
    if (error.code === 'ENOENT') return ''
    throw error
  }
}
