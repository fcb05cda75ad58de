/**
 * What a failure means for the rest. `halt`: the execution ends at once, and what runs beside it is stopped as a cancel would.
 * `halt-branch`: what comes after it is not done, the rest goes on, and the execution can end well. `finish-then-fail`: the same, and it
 * then counts as failed. `continue`: it is shown and gone on from.
 */
export type OnFailure = 'halt' | 'halt-branch' | 'finish-then-fail' | 'continue'

export const onFailures: readonly OnFailure[] = ['halt', 'halt-branch', 'finish-then-fail', 'continue']

/** Tried again after a failure: so many times, after `wait` and then twice as long each time, up to `most`. Durations as text. */
export type Retry = { readonly times: number; readonly wait: string; readonly most: string }

/**
 * How long one start may take, durations as text: after `after` it is interrupted as by a cancel, and after `grace` more it is killed, where `force` says that its
 * kind may be. Absent `force`: it is waited for, however long it takes.
 */
export type TimeLimit = { readonly after: string; readonly grace: string; readonly force?: boolean }

/** Which branch of which group a draft is in, outermost first; every group is an object of its own. Gone once it is planned. */
export type Branch = { readonly group: object; readonly at: number }

/** A try of a stage that failed and is tried again. */
export type Try = { readonly attempt: number; readonly at: number; readonly error: string }

/**
 * Why a stage that runs is told to stop although nobody canceled: another one failed, or its time is over (`late`: it counts as failed then).
 * `force` once it may be killed.
 */
export type Stopped = { readonly why: string; readonly at: number; readonly late?: boolean; readonly force?: boolean }
