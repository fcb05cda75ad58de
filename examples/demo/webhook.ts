// `npm run -s demo:webhook 1.2`: asks the demo's bot as a pipeline does, by a request that is signed with the secret of its webhook.

import { signature } from '../../src/engine/signature.ts'
import { messageOf, UserError } from '../../src/errors.ts'
import { SIGNATURE, TIMESTAMP } from '../../src/http/verify.ts'
import { demoFolder, readIfThere } from './folder.ts'

async function send([version = '1.2']: readonly string[]): Promise<string> {
  const { file } = demoFolder(process.env.GROUNDCREW_DEMO_DIR)
  const lines = (readIfThere(file('env')) ?? '').trim().split('\n')
  const env = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  const seconds = String(Math.floor(Date.now() / 1000))
  const body = JSON.stringify({ version, author: 'bob@example.com' })
  const headers = {
    'content-type': 'application/json',
    [TIMESTAMP]: seconds,
    [SIGNATURE]: signature(env.get('CI_WEBHOOK_SECRET') ?? '', seconds, body),
  }
  const url = `http://127.0.0.1:${env.get('GROUNDCREW_HTTP_PORT')}/hooks/ci`
  const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
  if (!answer) throw new UserError('The bot does not answer: start the demo first (script/demo).')
  const said = (await answer.text()).trim()
  if (!answer.ok) throw new UserError(`The bot refused it (${answer.status}): ${said}`)
  return `POST ${url} ${body}\n${said}`
}

try {
  process.stdout.write(`${await send(process.argv.slice(2))}\n`)
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}
