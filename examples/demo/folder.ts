import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { root } from './parts/program.ts'

/** All that the demo writes: `.demo/` at the top, or where GROUNDCREW_DEMO_DIR says, so that tests leave a running demo alone. */
export type DemoFolder = ReturnType<typeof demoFolder>

/** Everything that is ever made in the folder. Beginning anew removes these and nothing else, wherever the folder may be. */
const CONTENTS = [
  'redis',
  'consul',
  'slack',
  'vault',
  'jenkins',
  'monitor',
  'work',
  'instances',
  'images',
  'teardown',
  'pids',
  'env',
  'ports.json',
  'groundcrew.yml',
]
const FILES = [
  'artifact.key',
  'processes.json',
  'redis.log',
  'consul.log',
  'slack.log',
  'vault.log',
  'jenkins.log',
  'bot.log',
  'worker.log',
  'monitor.log',
  'audit.jsonl',
  'audit.jsonl.lock',
]

export function demoFolder(given: string | undefined) {
  const dir = resolve(given || join(root, '.demo'))
  const file = (name: string) => join(dir, name)
  return {
    dir,
    file,
    /** As it is typed at the top of the repository. */
    shown: (name: string) => (file(name).startsWith(`${root}/`) ? relative(root, file(name)) : file(name)),
    work: file('work'),
    teardown: file('teardown'),
    instances: isPlain(file('instances')) ? file('instances') : join(tmpdir(), `groundcrew-demo-${hashOf(dir)}`),
    images: isPlain(file('images')) ? file('images') : join(tmpdir(), `groundcrew-demo-${hashOf(dir)}-images`),
    prepare: () => prepare(dir),
    clear: () => clear([...CONTENTS, ...FILES].map(file)),
    artifactKey: () => artifactKey(file('artifact.key')),
  }
}

/** Written beside and moved into place, for this user's eyes only. */
export function writePrivate(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, file)
}

export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * A path for the `env` file, which shells split at spaces: one that a shell would not take as it is stands there from the top of
 * the repository on, where `npm run` runs.
 */
export function plainPath(path: string): string {
  return isPlain(path) ? path : relative(root, path)
}

function isPlain(path: string): boolean {
  return /^[\w./:@%+,=-]+$/.test(path)
}

function prepare(dir: string): void {
  mkdirSync(join(dir, 'pids'), { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  const logs = {
    redis: 'redis/redis-server.log',
    consul: 'consul/consul.log',
    slack: 'slack/local-slack.log',
    vault: 'vault/vault-stand-in.log',
    jenkins: 'jenkins/jenkins-stand-in.log',
  }
  for (const [name, log] of Object.entries(logs)) {
    rmSync(join(dir, `${name}.log`), { force: true })
    symlinkSync(log, join(dir, `${name}.log`))
  }
}

function clear(files: readonly string[]): void {
  for (const file of files) rmSync(file, { recursive: true, force: true, maxRetries: 3 })
}

/** Made once and kept: with another one, nothing that waits could be applied after a new start. */
function artifactKey(file: string): string {
  const kept = readIfThere(file)?.trim()
  if (kept && /^[0-9a-f]{64}$/.test(kept)) return kept
  const key = randomBytes(32).toString('hex')
  writePrivate(file, `${key}\n`)
  return key
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
