import { UserError } from './errors.ts'
import type { Log } from './log.ts'

type Running = { readonly log: Log; stop(): Promise<void> }

/**
 * The life of a process: `--help`, a start that fails with its reason and nothing else, an orderly end on SIGTERM or SIGINT (a
 * second one ends at once), and no fault that stays unheard.
 */
export async function main(name: string, purpose: string, start: () => Promise<Running>): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(`usage: node src/${name}.ts\n${name} ${purpose}\n`)
    return
  }
  const running = await start().catch((error: unknown) => {
    process.stderr.write(`${error instanceof UserError ? error.message : (error as Error).stack}\n`)
    process.exit(1)
  })
  process.on('unhandledRejection', (error) => running.log.error({ err: error }, 'unhandled rejection'))
  let stopping = false
  const stop = (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    running.log.info({ signal }, `${name} stopping`)
    running
      .stop()
      .then(() => process.exit(0))
      .catch((error: unknown) => {
        running.log.error({ err: error }, 'stop failed')
        process.exit(1)
      })
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
}
