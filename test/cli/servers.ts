import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoFolder } from '../../examples/demo/folder.ts'
import { freePort, startConsul, startRedis, startSlack, waitFor } from '../../examples/demo/parts.ts'
import { demoSite } from '../../examples/demo/site.ts'
import { stopInstances } from '../../examples/demo/terraform.ts'

const root = join(import.meta.dirname, '../..')

/** Redis, Consul and local-slack as in the demo, and what a process needs to join them. */
export async function startServers() {
  const dir = mkdtempSync(join(tmpdir(), 'groundcrew-cli-'))
  const folder = demoFolder(dir)
  const [redis, consul, slack] = await Promise.all([
    startRedis({ dir: join(dir, 'redis') }),
    startConsul({ dir: join(dir, 'consul'), dev: true }),
    startSlack({ dir: join(dir, 'slack'), config: join(root, 'examples/demo/slack.yml'), port: await freePort() }),
  ])
  const env = {
    REDIS_URL: redis.url,
    CONSUL_HTTP_ADDR: consul.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: 'xoxb-demo',
    SLACK_APP_TOKEN: 'xapp-demo',
    GROUNDCREW_SITE: siteIn(dir, slack.url),
    GROUNDCREW_WORK_DIR: folder.work,
    GROUNDCREW_ARTIFACT_KEY: 'c0ffee00'.repeat(8),
    TF_VAR_run_dir: folder.instances,
    LOG_LEVEL: 'info',
  }
  return {
    dir,
    env,
    redis,
    async stop(): Promise<void> {
      try {
        await stopInstances(folder, consul.url)
      } finally {
        await Promise.all([redis, consul, slack].map((part) => part.stop()))
        rmSync(dir, { recursive: true, force: true })
      }
    },
  }
}

/** The demo's site without its window, so that it makes no difference at what hour this is run. */
function siteIn(dir: string, slack: string): string {
  const file = join(dir, 'groundcrew.yml')
  writeFileSync(file, demoSite({ slack, jenkins: 'http://127.0.0.1:9' }).replace(/^ {4}windows: .*$/m, ''))
  return file
}

/** `node src/worker.ts`, until it says that it is ready; gives what ends it. */
export async function startWorker(env: Record<string, string>): Promise<() => Promise<void>> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn('node', ['src/worker.ts'], {
    cwd: root,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  await waitFor(() => log.includes('worker ready'), { what: `the worker: ${log}` })
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'close')
  }
}
