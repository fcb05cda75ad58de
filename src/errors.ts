/**
 * The two kinds of error. A `UserError` is written for the person who reads it and is shown as it is: what was expected, what
 * came, what to do. Every other error is ours: it is logged with its cause and the person gets its id.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** The same where one argument is to blame: a form shows it beside that field. */
export class FieldRefusal extends UserError {
  readonly field: string

  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

/** A command file asks for what cannot be planned. Whoever typed the command is told why: the file is people's, and not ours. */
export class CommandFileError extends Error {}

/** Settings that are missing or wrong. It stops the start; nothing runs on a site that was not understood. */
export class ConfigError extends UserError {}

/** The text of anything that was thrown, for a log line or a wrapped message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
