import type { StageRun } from './execution.ts'

/** The latest word of a stage; only one that was said since it began is a sign of life. */
export type Word = { readonly stage: string; readonly text: string; readonly at: number; readonly where?: string }

/** `where`: what of the stage it was about, such as the resource that Terraform works on. */
export type Sign = { readonly at: number; readonly text: string; readonly where?: string }

/** When a running stage last gave a sign of life, and what it said then; null for one that no worker runs. */
export function lastSign(stage: StageRun, words: readonly Word[]): Sign | null {
  if (stage.state !== 'running' || stage.startedAt === null || !stage.worker) return null
  const word = words.find((each) => each.stage === stage.id)
  if (!word || word.at < stage.startedAt) return { at: stage.startedAt, text: '' }
  const { at, text, where } = word
  return { at, text, ...(where ? { where } : {}) }
}
