// `npm run -s demo:token 10m`: from now on the stand-in for Vault says that the demo's token ends in ten minutes; `30d` mends it.

import { messageOf, UserError } from '../../src/errors.ts'
import { LOOKUP, tokenWith } from './deploy-token.ts'
import { demoFolder, readIfThere } from './folder.ts'

async function set([left = '10m']: readonly string[]): Promise<string> {
  const { file } = demoFolder(process.env.GROUNDCREW_DEMO_DIR)
  const { vault } = JSON.parse(readIfThere(file('ports.json')) ?? '{}') as { vault?: number }
  const body = JSON.stringify(tokenWith(left, Date.now()))
  const url = `http://127.0.0.1:${vault}/stand-in/${encodeURIComponent(LOOKUP)}`
  const answer = vault ? await fetch(url, { method: 'PUT', body }).catch(() => undefined) : undefined
  if (!answer?.ok) throw new UserError('The stand-in for Vault does not answer: start the demo first (script/demo).')
  return `The token ends in ${left}.`
}

try {
  process.stdout.write(`${await set(process.argv.slice(2))}\n`)
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}
