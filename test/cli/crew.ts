import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../../examples/demo/parts.ts'

const root = join(import.meta.dirname, '../..')

export type Called = { readonly code: number | null; readonly stdout: string; readonly stderr: string }
type Call = { readonly env?: Record<string, string>; readonly input?: string; readonly cwd?: string }

/** `node src/cli.ts ...` to its end, with none of this run's settings. */
export async function crew(args: readonly string[], { input = '', ...call }: Call = {}): Promise<Called> {
  const child = start(args, call)
  child.stdin?.end(input)
  const [stdout, stderr] = [heard(child.stdout), heard(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: stdout(), stderr: stderr() }
}

/** A shell on a pipe: what it has said so far, and lines for it. */
export function openShell(args: readonly string[], call: Call) {
  const child = start(['shell', ...args], call)
  const [said, erred] = [heard(child.stdout), heard(child.stderr)]
  let from = 0
  return {
    said,
    erred,
    /** Types a line; what is looked for after it was not said before it. */
    type(line: string): void {
      from = said().length
      child.stdin?.write(`${line}\n`)
    },
    /** Waits until it has said something since the last line. */
    async hears(what: RegExp): Promise<void> {
      const heard = () => what.exec(said().slice(from))
      await waitFor(heard, { what: `${what}`, within: '40s' }).catch((cause: unknown) => {
        throw new Error(`The shell never said ${what}, but:\n${said()}\n${erred()}`, { cause })
      })
    },
    /** The number under which a button stands in the newest drawing. */
    numberOf(label: string): string {
      return [...said().matchAll(new RegExp(`\\[(\\d+)\\] ${label}`, 'g'))].at(-1)?.[1] ?? `no ${label}`
    },
    async end(): Promise<number | null> {
      child.stdin?.end()
      if (child.exitCode === null) await once(child, 'close')
      return child.exitCode
    },
    kill: () => child.kill('SIGKILL'),
  }
}

function start(args: readonly string[], { env = {}, cwd = tmpdir() }: Call): ChildProcess {
  const { PATH = '', HOME = '' } = process.env
  return spawn('node', [join(root, 'src/cli.ts'), ...args], { cwd, env: { PATH, HOME, ...env } })
}

function heard(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
