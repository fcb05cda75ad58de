import type { Redis } from 'ioredis'
import type { Execution, StageRun } from '../core/execution.ts'
import { outputOf } from '../core/execution.ts'
import type { ArtifactStore } from '../engine/artifacts.ts'
import { ArtifactGone } from '../engine/artifacts.ts'
import type { Keys } from '../engine/keys.ts'
import type { LogPiece } from '../engine/live-log.ts'
import { readLog } from '../engine/live-log.ts'

export type LogParts = { readonly redis: Redis; readonly keys: Keys; readonly artifacts: ArtifactStore }
export type Which = { readonly stage: StageRun; readonly attempt: number }

/** As of a running log: a page draws no line of a megabyte. The whole of it is in the file. */
const LINE_CHARACTERS = 16 * 1024
/** Lines of a file that are sent at once. */
const LINES_AT_ONCE = 400

/** The log that a stage left as a file, in pieces as those of a running one; none where it left none. */
export async function* filePieces(
  { artifacts }: LogParts,
  run: Execution,
  { stage, attempt }: Which,
): AsyncGenerator<LogPiece> {
  if (attempt !== stage.attempt) return
  const files = outputOf(run, stage.id)?.files
  const name = Array.isArray(files) ? files.map(String).find((file) => /log[^/]*\.txt$/.test(file)) : undefined
  if (name === undefined) return
  const content = await artifacts
    .of(run.id)
    .get(name)
    .catch((error: unknown) => {
      if (error instanceof ArtifactGone) return null
      throw error
    })
  if (!content) return
  const all = Buffer.from(content).toString('utf8').replace(/\n$/, '').split('\n')
  const lines = all.map((line) => (line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line))
  for (let at = 0; at < lines.length; at += LINES_AT_ONCE)
    yield { id: `file-${at}`, from: at + 1, text: lines.slice(at, at + LINES_AT_ONCE).join('\n') }
}

/** Whether it still may say something. */
export function goesOn(run: Execution, { stage, attempt }: Which): boolean {
  const now = run.stages.find(({ id }) => id === stage.id)
  return (
    now !== undefined &&
    now.attempt <= attempt &&
    ['pending', 'ready', 'running', 'waiting', 'unknown'].includes(now.state) &&
    run.endedAt === null
  )
}

/** All of it that there is, as text. */
export async function logText(parts: LogParts, run: Execution, which: Which): Promise<string> {
  const name = { execution: run.id, stage: which.stage.id, attempt: which.attempt }
  const texts: string[] = []
  for (let after = '0'; ; ) {
    const pieces = await readLog(parts, name, after)
    texts.push(...pieces.map(({ text }) => text))
    const last = pieces.at(-1)
    if (!last) break
    after = last.id
  }
  if (texts.length === 0) for await (const { text } of filePieces(parts, run, which)) texts.push(text)
  return `${texts.join('\n')}\n`.replace(TERMINAL, '')
}

const ESC = String.fromCharCode(27)
/** Colours, titles and links of a terminal: as text they are signs that nobody reads. */
const TERMINAL = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${ESC}\\x07\n]*(?:\\x07|${ESC}\\\\)?|[@-Z\\\\^_])`, 'g')
