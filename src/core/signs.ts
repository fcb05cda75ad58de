import type { StageRun } from './execution.ts'

/** The latest word of a stage; only one that was said since it began is a sign of life. */
export type Word = { readonly stage: string; readonly text: string; readonly at: number }

/** When a running stage last gave a sign of life, and what it said then; null for one that no worker runs. */
export function lastSign(
  stage: StageRun,
  words: readonly Word[],
): { readonly at: number; readonly text: string } | null {
  if (stage.state !== 'running' || stage.startedAt === null || !stage.worker) return null
  const word = words.find((each) => each.stage === stage.id)
  return word && word.at >= stage.startedAt ? { at: word.at, text: word.text } : { at: stage.startedAt, text: '' }
}
