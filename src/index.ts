/** What a command file may use: the language of commands, the kinds of stages, and the shapes they are made of. Nothing else is public. */

export { nameOf } from './core/actor.ts'
export { command, duration, environmentOf, imageOf, positional, rest, sizeOf, user, z } from './core/command.ts'
export { describeRun } from './core/describe.ts'
export { spoken } from './core/duration.ts'
export { isOver, outputOf, wordOf } from './core/execution.ts'
export { clock, dayAndClock } from './core/judgment.ts'
export { describeLock } from './core/locks.ts'
export { asCode } from './core/text.ts'
export type { Answer, AnswerContext, StageDraft } from './core/workflow.ts'
export { UserError } from './errors.ts'
export { health, judgment, terraform } from './stages/index.ts'
