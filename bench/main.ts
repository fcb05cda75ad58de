// `npm run bench`: how fast we are beside a named baseline, both measured in the same run on the same machine.

import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../examples/demo/parts/program.ts'
import { neutral } from '../examples/demo/settings.ts'
import { messageOf, UserError } from '../src/errors.ts'
import { measureAnswers } from './answers.ts'
import { measureJob } from './job.ts'
import { type Results, report } from './report.ts'

const usage = `usage: npm run bench -- [answers] [job] [--json]

answers  acknowledgement and first message beside a bare Bolt app: 200 commands in a row, and 50 at once
job      plan and apply through the bot beside the same Terraform commands typed by hand
--json   prints the figures as one line of JSON besides

Both are measured when none is named. It needs what script/bootstrap gets.`

const LONGEST_RUN_MS = 10 * 60_000

process.exit(await main().catch(failed))

async function main(): Promise<number> {
  const asked = read(process.argv.slice(2))
  if (asked.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  prepareEnvironment()
  const results = await measure(asked.wanted, AbortSignal.any([interrupted(), AbortSignal.timeout(LONGEST_RUN_MS)]))
  process.stdout.write(`${report(results)}\n`)
  if (asked.json) process.stdout.write(`${JSON.stringify(results)}\n`)
  return 0
}

async function measure(wanted: readonly string[], signal: AbortSignal): Promise<Results> {
  const results: { -readonly [Name in keyof Results]: Results[Name] } = {}
  if (wanted.includes('answers')) {
    say('answers: Groundcrew and bare Bolt in turns, about 15 s')
    results.answers = await measureAnswers(signal)
  }
  if (wanted.includes('job')) {
    say('job: plan and apply through the bot and by hand in turns, about half a minute')
    results.job = await measureJob(signal)
  }
  return results
}

type Asked = { readonly wanted: readonly string[]; readonly json: boolean; readonly help: boolean }

/** Exits with 2 and the usage where what was typed is not understood. */
function read(args: string[]): Asked {
  const flag = { type: 'boolean', default: false } as const
  try {
    const options = { json: flag, help: { ...flag, short: 'h' } }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const unknown = positionals.find((name) => !['answers', 'job'].includes(name))
    if (unknown !== undefined) throw new UserError(`There is no bench \`${unknown}\`; there are answers and job.`)
    return { ...values, wanted: positionals.length > 0 ? positionals : ['answers', 'job'] }
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

/** Aborts when somebody asks for the end; what was started is stopped, and what was made is destroyed, before we go. */
function interrupted(): AbortSignal {
  const controller = new AbortController()
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
