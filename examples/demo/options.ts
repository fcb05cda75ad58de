import { parseArgs } from 'node:util'
import { messageOf, UserError } from '../../src/errors.ts'

export type DemoOptions = { readonly port: number; readonly open: boolean; readonly fresh: boolean }

export const usage = `usage: script/demo [--port 3000] [--no-open] [--fresh]

Starts Redis, Consul, a local Slack, the bot, one worker and one monitor on this machine; Ctrl-C destroys and stops all of it.
  --port N    where the local Slack answers on 127.0.0.1 (default 3000)
  --no-open   do not open a browser
  --fresh     begin anew: forget executions, logs and everything else in .demo/
  --help      this text`

/** What was asked for; nothing when it was help. Throws a `UserError` for anything else than the three options. */
export function readOptions(argv: readonly string[]): DemoOptions | undefined {
  const { port, help = false, fresh = false, 'no-open': closed = false } = parsed(argv)
  return help ? undefined : { port: portOf(port), open: !closed, fresh }
}

function parsed(argv: readonly string[]) {
  const flag = { type: 'boolean' } as const
  const options = { port: { type: 'string' }, 'no-open': flag, fresh: flag, help: { ...flag, short: 'h' } } as const
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values
  } catch (cause) {
    const [reason] = messageOf(cause).split('. ')
    throw new UserError(`${reason?.replace(/[.]$/, '')}.\n\n${usage}`, { cause })
  }
}

function portOf(text = '3000'): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new UserError(`--port is \`${text}\`; expected a whole number from 1 to 65535.`)
}
