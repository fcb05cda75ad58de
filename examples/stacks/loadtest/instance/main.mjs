// One instance of the load-test stack: `start` and `stop` are run by Terraform, `serve` is the instance itself.
// Plain JavaScript for any Node from 20 on, since it runs wherever a worker runs Terraform.
import { isAbsolute } from 'node:path'
import { connect } from './consul.mjs'
import { serve } from './serve.mjs'
import { start } from './start.mjs'
import { stop } from './stop.mjs'

const commands = { start, stop, serve }

async function main([name], environment) {
  const run = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
  if (!run) throw new Error(`Expected start, stop or serve, got ${name ?? 'nothing'}.`)
  const dir = environment.INSTANCE_DIR ?? ''
  if (!isAbsolute(dir)) throw new Error(`INSTANCE_DIR must be an absolute path, got "${dir}".`)
  await run({ dir, consul: connect(environment), settings: JSON.parse(environment.INSTANCE ?? '{}'), environment })
}

// biome-ignore lint/style/noProcessEnv: Terraform's local-exec hands over settings in the environment; read here only.
main(process.argv.slice(2), process.env).catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
