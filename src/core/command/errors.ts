import { UserError } from '../../errors.ts'
import type { Args } from './definition.ts'

/** Any line that cannot be run as it was typed. */
export class CommandError extends UserError {}

/** No command has this name. `suggestions` are lines that may have been meant: a command, a group or `help`. */
export class UnknownCommand extends CommandError {
  readonly received: string
  readonly suggestions: readonly string[]

  constructor(message: string, fields: { received: string; suggestions: readonly string[] }) {
    super(message)
    this.received = fields.received
    this.suggestions = fields.suggestions
  }
}

/** The first word of several commands, alone: the message lists them. */
export class CommandGroup extends CommandError {
  readonly group: string
  readonly commands: readonly string[]

  constructor(message: string, fields: { group: string; commands: readonly string[] }) {
    super(message)
    this.group = fields.group
    this.commands = fields.commands
  }
}

export type Problem =
  | 'unknown flag'
  | 'flag without value'
  | 'repeated flag'
  | 'extra word'
  | 'wrong value'
  | 'wrong combination'

type UsageFields = {
  readonly problem: Problem
  readonly command: string
  readonly received: string
  readonly usage: string
  readonly argument?: string
  readonly expected?: string
  readonly suggestions?: readonly string[]
}

/** The command is known, its arguments are not right. */
export class UsageError extends CommandError {
  readonly problem: Problem
  readonly command: string
  readonly received: string
  readonly usage: string
  readonly argument: string | undefined
  readonly expected: string | undefined
  readonly suggestions: readonly string[]

  constructor(message: string, fields: UsageFields) {
    super(message)
    this.problem = fields.problem
    this.command = fields.command
    this.received = fields.received
    this.usage = fields.usage
    this.argument = fields.argument
    this.expected = fields.expected
    this.suggestions = fields.suggestions ?? []
  }
}

/** All that was given is right, and something is still needed: Slack asks for it in a modal, the shell prints the usage. */
export class MissingArguments extends CommandError {
  readonly command: string
  /** What was given, checked, to be filled in beforehand. */
  readonly given: Args
  readonly missing: readonly string[]
  readonly usage: string

  constructor(message: string, fields: { command: string; given: Args; missing: readonly string[]; usage: string }) {
    super(message)
    this.command = fields.command
    this.given = fields.given
    this.missing = fields.missing
    this.usage = fields.usage
  }
}

/** A form that cannot be accepted: one plain-text message for each field that is to blame. */
export class FieldErrors extends CommandError {
  readonly command: string
  readonly errors: Readonly<Record<string, string>>

  constructor(command: string, errors: Readonly<Record<string, string>>) {
    const lines = Object.entries(errors).map(([name, message]) => `${name}: ${message}`)
    super(`\`${command}\` cannot run with these values.\n${lines.join('\n')}`)
    this.command = command
    this.errors = errors
  }
}
