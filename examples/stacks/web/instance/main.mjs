// One instance of the web stack: `start` and `stop` are run by Terraform, `serve` keeps the app of an image running.
// Plain JavaScript for any Node from 20 on, since it runs wherever a worker runs Terraform.
import { isAbsolute, join } from 'node:path'
import { connect } from './consul.mjs'
import { serve } from './serve.mjs'
import { start } from './start.mjs'
import { stopAll } from './stop.mjs'

const commands = { start, stop: stopAll, serve }

async function main([name], environment) {
  const run = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
  if (!run) throw new Error(`Expected start, stop or serve, got ${name ?? 'nothing'}.`)
  const slot = environment.SLOT_DIR ?? ''
  if (!isAbsolute(slot)) throw new Error(`SLOT_DIR must be an absolute path, got "${slot}".`)
  const settings = JSON.parse(environment.INSTANCE ?? '{}')
  await run({ slot, dir: join(slot, settings.id ?? ''), consul: connect(environment), settings, environment })
}

// biome-ignore lint/style/noProcessEnv: Terraform's local-exec hands over settings in the environment; read here only.
main(process.argv.slice(2), process.env).catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
