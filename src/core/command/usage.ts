import type { Site } from '../site.ts'
import { quoted } from '../text.ts'
import { type Argument, argumentsOf, labelOf } from './arguments.ts'
import type { Entry } from './catalog.ts'
import type { Command } from './definition.ts'

/** `loadtest up <size> [--for 4h]`: how the command is typed, its defaults included. */
export function usage(name: string, command: Command, site: Site): string {
  return usageOf({ name, command, arguments: argumentsOf(command, site) })
}

export function usageOf(entry: Entry): string {
  return [entry.name, ...inOrder(entry.arguments).map(piece)].join(' ')
}

/** The same with nothing that may be left out: for a list of many. */
export function shortUsageOf(entry: Entry): string {
  const needed = inOrder(entry.arguments).filter(({ required }) => required)
  return [entry.name, ...needed.map(piece)].join(' ')
}

/** As a line is written: positionals, then flags, then what takes the rest. */
export function inOrder(list: readonly Argument[]): Argument[] {
  const place = (argument: Argument) => (argument.kind === 'rest' ? 2 : argument.flag ? 1 : 0)
  return list.toSorted((one, other) => place(one) - place(other))
}

/** ` Usage: ... Example: ...`: how a message about a wrong line ends. */
export function lesson(entry: Entry): string {
  const example = entry.command.examples[0]
  const shownExample = example ? `\nExample: \`${entry.name} ${example}\`` : ''
  return `\nUsage: \`${usageOf(entry)}\`${shownExample}`
}

/** What stands for a flag's value where there is none yet. */
export function placeholder(argument: Argument): string {
  if (argument.kind === 'choice' && argument.choices?.length) return `<${argument.choices.join('|')}>`
  return `<${argument.kind}>`
}

function piece(argument: Argument): string {
  const { flag, required, default: standard } = argument
  if (!flag) return required ? labelOf(argument) : `[${labelOf(argument)}]`
  if (required) return `${flag} ${placeholder(argument)}`
  if (argument.kind === 'boolean') return standard === true ? `[${flag}=false]` : `[${flag}]`
  return `[${flag} ${standard === undefined ? placeholder(argument) : quoted(String(standard))}]`
}
