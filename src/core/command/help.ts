import type { Site } from '../site.ts'
import { type Argument, argumentsOf, labelOf } from './arguments.ts'
import type { Entry } from './catalog.ts'
import type { Command } from './definition.ts'
import { inOrder, placeholder, shortUsageOf, usageOf } from './usage.ts'

export type ArgumentHelp = {
  readonly label: string
  readonly required: boolean
  readonly description: string
  readonly expected: string
  readonly choices?: readonly string[]
  readonly default?: string | number | boolean
}

/** All that can be said about one command, as data: a message, a terminal or a page draws it. */
export type Help = {
  readonly name: string
  readonly usage: string
  readonly summary: string
  readonly args: readonly ArgumentHelp[]
  /** Whole lines, ready to be typed. */
  readonly examples: readonly string[]
}

export function helpFor(name: string, command: Command, site: Site): Help {
  const entry: Entry = { name, command, arguments: argumentsOf(command, site) }
  return {
    name,
    usage: usageOf(entry),
    summary: command.summary,
    args: inOrder(entry.arguments).map(argumentHelp),
    examples: command.examples.map((example) => `${name} ${example}`.trim()),
  }
}

export function helpText(help: Help): string {
  const args = help.args.map((argument) => `• \`${argument.label}\`: ${described(argument)}`)
  const examples = help.examples.map((example) => `\`${example}\``)
  return [
    `\`${help.usage}\``,
    help.summary,
    ...args,
    ...(examples.length ? [`${examples.length === 1 ? 'Example' : 'Examples'}: ${examples.join(', ')}`] : []),
  ].join('\n')
}

/** With more than these the list would be cut where Slack takes no more, so that flags are left to `help <command>`. */
const MOST_WHOLE = 20

/** The list that `help` shows: the caller leaves in only what the asker may run. */
export function helpList(entries: readonly Entry[]): string {
  const many = entries.length > MOST_WHOLE
  const lines = entries.map((entry) => `• \`${many ? shortUsageOf(entry) : usageOf(entry)}\`: ${entry.command.summary}`)
  const more = many
    ? 'Write `help <command>` for all of one of them, its flags too; `help consul` lists those that begin so.'
    : 'Write `help <command>` for more about one of them.'
  return [...lines, more].join('\n')
}

function argumentHelp(argument: Argument): ArgumentHelp {
  const takesValue = argument.flag && argument.kind !== 'boolean'
  return {
    label: takesValue ? `${argument.flag} ${placeholder(argument)}` : labelOf(argument),
    required: argument.required,
    description: argument.description,
    expected: argument.expected,
    ...(argument.choices ? { choices: argument.choices } : {}),
    ...(argument.default === undefined ? {} : { default: argument.default }),
  }
}

function described(argument: ArgumentHelp): string {
  const standard = argument.default === undefined || argument.default === false ? '' : `default \`${argument.default}\``
  const optional = argument.required || standard ? standard : 'optional'
  return `${[argument.description, argument.expected, optional].filter(Boolean).join('; ')}.`
}
