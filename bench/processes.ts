import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, startProgram } from '../examples/demo/parts/program.ts'
import type { Part } from '../examples/demo/parts.ts'

type Script = {
  readonly name: string
  readonly file: string
  readonly ready: string
  readonly env: Record<string, string>
}

/** A script of ours under Node, up when its log holds the text `ready`. It listens nowhere, so it needs no port. */
export function startScript({ name, file, ready, env }: Script, dir: string): Promise<Part> {
  const log = join(dir, `${name}.log`)
  const program = { name, file: process.execPath, args: [file], cwd: root, env, url: '', port: 0 }
  return startProgram(
    { ...program, ready: async () => readFileSync(log, 'utf8').includes(ready) },
    { dir, detached: true, within: '60s' },
  )
}

/** Stops a part when the stack is disposed of, also one that is still starting by then. */
export function held<P extends Part>(stack: AsyncDisposableStack, start: Promise<P>): Promise<P> {
  stack.defer(async () => {
    const part = await start.catch(() => undefined)
    await part?.stop()
  })
  return start
}

/** A folder of its own, removed with the stack. */
export function scratchFolder(stack: AsyncDisposableStack): string {
  const dir = mkdtempSync(join(tmpdir(), 'groundcrew-bench-'))
  stack.defer(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }))
  return dir
}
