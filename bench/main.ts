// `npm run bench`: how fast we are beside a named baseline, both measured in the same run on the same machine.

import { availableParallelism, cpus } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../examples/demo/parts/program.ts'
import { neutral } from '../examples/demo/settings.ts'
import { messageOf, UserError } from '../src/errors.ts'
import { benches } from './benches.ts'

const names = Object.keys(benches)

const usage = `usage: npm run bench -- [name ...] [--json]

${names.map((name) => `${name.padEnd(10)}  ${benches[name]?.what} (${benches[name]?.takes})`).join('\n')}
--json     prints the figures as one line of JSON besides

All are measured when none is named. It needs what script/bootstrap gets, and a machine that does nothing else.`

const LONGEST_RUN_MS = 40 * 60_000

process.exit(await main().catch(failed))

async function main(): Promise<number> {
  const asked = read(process.argv.slice(2))
  if (asked.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  prepareEnvironment()
  const signal = calledOff()
  const machine = { cores: availableParallelism(), processor: cpus()[0]?.model ?? 'unknown', node: process.version }
  const results: Record<string, unknown> = { machine }
  process.stdout.write(`${machine.cores} cores, ${machine.processor}, Node ${machine.node}\n`)
  for (const name of asked.wanted) {
    const { figures, table } = await measured(name, signal)
    results[name] = figures
    process.stdout.write(`\n${table}\n`)
  }
  if (asked.json) process.stdout.write(`${JSON.stringify(results)}\n`)
  return 0
}

/** One bench after the other: one that fails ends the run, and says which it was. */
async function measured(name: string, signal: AbortSignal) {
  const chosen = benches[name]
  if (!chosen) throw new Error(`There is no bench ${name}.`)
  signal.throwIfAborted()
  say(`${name}: ${chosen.what}, about ${chosen.takes}`)
  try {
    return await chosen.measure(signal)
  } catch (cause) {
    if (signal.aborted) throw signal.reason
    say(`${name} failed`)
    throw cause
  }
}

type Asked = { readonly wanted: readonly string[]; readonly json: boolean; readonly help: boolean }

/** Exits with 2 and the usage where what was typed is not understood. */
function read(args: string[]): Asked {
  const flag = { type: 'boolean', default: false } as const
  try {
    const options = { json: flag, help: { ...flag, short: 'h' } }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const unknown = positionals.find((name) => !names.includes(name))
    if (unknown !== undefined) throw new UserError(`There is no bench \`${unknown}\`; there are ${names.join(', ')}.`)
    return { ...values, wanted: positionals.length > 0 ? [...new Set(positionals)] : names }
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${usage}\n`)
    process.exit(2)
  }
}

/** Nothing that is meant for a real installation reaches what is started here; our own programs come first, as in script/env.sh. */
function prepareEnvironment(): void {
  const environment = neutral(process.env)
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
  const tools = ['.tools/bin', 'node_modules/.bin'].map((folder) => join(root, folder))
  process.env.PATH = [...tools, process.env.PATH ?? ''].join(delimiter)
}

/** Aborts when somebody asks for the end or it takes too long; what was started is stopped, and what was made is destroyed, before we go. */
function calledOff(): AbortSignal {
  const controller = new AbortController()
  const late = () => controller.abort(new UserError(`It took more than ${LONGEST_RUN_MS / 60_000} minutes.`))
  setTimeout(late, LONGEST_RUN_MS).unref()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say(`${signal}: stopping, this may take a moment`)
      controller.abort(new UserError('It was called off, so there are no figures.'))
    })
  }
  return controller.signal
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`)
}

function failed(error: unknown): number {
  say(error instanceof UserError || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message))
  return 1
}
