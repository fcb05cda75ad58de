import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const [root, version] = process.argv.slice(2)
const app = spawn(`${root}/start`, [], {
  env: { ...process.env, PORT: '0', BAKING: '1' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const over = once(app, 'exit')

const problem = await Promise.race([check(), over.then(([code]) => `the app ended at its start (${code})`), tooLate()])
app.kill('SIGTERM')
await over
console.log(problem ? `health check failed: ${problem}` : `health check passed: ${version} answers`)
process.exit(problem ? 1 : 0)

/** Null when all is well. */
async function check() {
  const [line] = await once(createInterface({ input: app.stdout }), 'line')
  const address = `http://${line.split(' ').at(-1)}`
  const home = await fetch(`${address}/`).then((answer) => answer.json())
  if (home.version !== version) return `/ says version ${home.version}, expected ${version}`
  const health = await fetch(`${address}/health`)
  return health.ok ? null : `/health answers ${health.status}`
}

function tooLate() {
  return new Promise((resolve) => setTimeout(resolve, 20_000, 'no answer within 20 seconds').unref())
}
