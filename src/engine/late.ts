import type { Deadline } from '../core/workflow.ts'
import { UserError } from '../errors.ts'

/** So many milliseconds from now, by a clock that nobody sets. */
export function within(ms: number): Deadline {
  const end = performance.now() + ms
  return () => end - performance.now()
}

/** Whoever asked was told by now that nothing was done, and so nothing was, nor will be. */
export class TooLate extends UserError {
  constructor() {
    super('The store (Redis) took too long to answer, so nothing was done, and nothing will be done later. Try again.')
  }
}

/** Redis was asked to store a change and its answer never came: nobody knows whether it did. */
export class Unanswered extends UserError {
  constructor(cause: unknown) {
    super(
      'The store (Redis) went away while it was asked to store this. If it did, the message in the channel shows it in a moment; if not, try again.',
      { cause },
    )
  }
}

/** What Redis refused, or what was never sent to it, was not done for sure. */
export function isUndone(error: unknown): boolean {
  const { name = '', message = '' } = error as Error
  return name === 'ReplyError' || message.startsWith("Stream isn't writeable")
}
