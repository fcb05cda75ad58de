import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { commands, node, repository, siteText } from '../e2e/site.ts'
import { pass } from '../fixtures/slack-proxy.ts'
import { jobOf, marked, ROOM } from './jobs.ts'
import { type Rig, startRig } from './rig.ts'

let rig: Rig
const kills: (() => Promise<void>)[] = []
beforeAll(async () => {
  rig = await startRig()
  writeFileSync(join(rig.dir, 'site.yml'), siteText({ environments: { one: {} } }))
})
afterAll(async () => {
  await Promise.all(kills.map((kill) => kill()))
  await rig.stop()
})

/** The real process, whose calls go through the proxy. */
async function startBot(name: string) {
  const file = join(rig.dir, `${name}.log`)
  const out = openSync(file, 'a', 0o600)
  const child = spawn(node, ['src/bot.ts'], {
    cwd: repository,
    stdio: ['ignore', out, out],
    env: {
      PATH: process.env.PATH ?? '',
      REDIS_URL: rig.redisUrl,
      SLACK_API_URL: rig.proxy.apiUrl,
      SLACK_BOT_TOKEN: 'xoxb-test',
      SLACK_APP_TOKEN: 'xapp-test',
      GROUNDCREW_PREFIX: 'outbox',
      GROUNDCREW_SITE: join(rig.dir, 'site.yml'),
      GROUNDCREW_COMMANDS: commands,
      GROUNDCREW_WORK_DIR: join(rig.dir, 'work'),
      GROUNDCREW_HTTP_PORT: '0',
      GROUNDCREW_ARTIFACT_KEY: '0'.repeat(64),
    },
  })
  closeSync(out)
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  kills.push(kill)
  await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(readFileSync(file, 'utf8').slice(-2000))
      return readFileSync(file, 'utf8').includes('bot ready')
    },
    { what: 'the bot', within: '30s' },
  )
  return { kill }
}

test('a bot killed between a post and the note of it leaves one message, and one closing reply', async () => {
  const job = jobOf(rig, 'one')
  const hold = (mark: string) =>
    rig.proxy.choose(({ method, form }) => ({
      do: method === 'chat.postMessage' && form.get('blocks')?.includes(mark) ? 'hold' : 'pass',
    }))
  const killedWhile = async (mark: string, bot: Awaited<ReturnType<typeof startBot>>) => {
    await waitFor(async () => rig.proxy.held() > 0, { what: `${mark} to be posted` })
    await bot.kill()
    expect(marked(await rig.control.messages(ROOM), mark)).toHaveLength(1)
    rig.proxy.choose(pass)
    rig.proxy.letGo()
  }

  const first = await startBot('first')
  hold('execution-one-v')
  await job.ask()
  await killedWhile('execution-one-v', first)
  const second = await startBot('second')
  await waitFor(async () => rig.outbox.posted('execution:one'), { what: 'the message to be found' })
  await job.plan()
  await job.approve()
  await job.apply()
  hold('closing-one-v')
  await job.finish()
  await killedWhile('closing-one-v', second)
  const third = await startBot('third')
  await waitFor(async () => rig.outbox.posted('closing:one:over'), { what: 'the reply to be found' })
  await third.kill()

  const messages = await rig.control.messages(ROOM)
  const posts = rig.proxy.count('chat.postMessage')
  console.log(`kills 2, messages ${marked(messages, 'execution-one-v').length}, posts ${posts}`)
  expect(marked(messages, 'execution-one-v')).toHaveLength(1)
  expect(marked(messages, 'closing-one-v')).toHaveLength(1)
  expect(posts).toBe(2)
})
