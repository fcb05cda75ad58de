import { quoted, shown } from '../text.ts'
import { type Argument, labelOf } from './arguments.ts'
import type { Entry } from './catalog.ts'
import { type Problem, UsageError } from './errors.ts'
import { read } from './line.ts'
import { didYouMean, nearest } from './suggest.ts'
import { lesson, placeholder, usageOf } from './usage.ts'
import type { Reading } from './value.ts'

type Particulars = { received: string; argument?: string; expected?: string; suggestions?: readonly string[] }

export function unknownFlag(entry: Entry, flag: string): UsageError {
  const flags = entry.arguments.flatMap((argument) => argument.flag ?? [])
  const bare = flag.replace(/^-+/, '')
  const positional = entry.arguments.find(
    (argument) => !argument.flag && labelOf(argument) === `<${bare.toLowerCase()}>`,
  )
  const negated = flags.find((one) => one === flag.replace(/^--no-/, '--') && one !== flag)
  const suggestions = negated
    ? [`${negated}=false`]
    : nearest(
        bare,
        flags.map((one) => one.slice(2)),
      ).map((one) => `--${one}`)
  const alone = positional ? ` \`${labelOf(positional)}\` is written alone, without a flag.` : ''
  const list = flags.map((one) => `\`${one}\``).join(', ')
  const known = flags.length
    ? ` ${flags.length === 1 ? 'Its only flag is' : 'Its flags are'} ${list}.`
    : ' It has no flags.'
  const quote = flag.startsWith('--') ? '' : ' A value that begins with a dash stands in quotes.'
  const help = suggestions.length || positional ? '' : `${known}${quote}`
  const said = `\`${entry.name}\` has no flag ${shown(flag)}.${didYouMean(suggestions)}${alone}`
  const message = `${said}${help}`
  return refusal(entry, 'unknown flag', message, { received: flag, suggestions })
}

export function flagWithoutValue(entry: Entry, argument: Argument, next?: string): UsageError {
  const example = argument.default === undefined ? placeholder(argument) : quoted(String(argument.default))
  const came = next
    ? ` What came is ${shown(next)}, which looks like a flag; a value that begins with a dash stands in quotes.`
    : ''
  const flag = argument.flag ?? argument.alias
  const message = `\`${flag}\` needs a value: ${argument.expected}. Write \`${flag} ${example}\`.${came}`
  return refusal(entry, 'flag without value', message, {
    received: next ?? '',
    argument: argument.name,
    expected: argument.expected,
  })
}

export function repeatedFlag(entry: Entry, argument: Argument): UsageError {
  const flag = argument.flag ?? argument.alias ?? ''
  const message = `\`${flag}\` is there twice. Say it once: nobody can tell which one you mean.`
  return refusal(entry, 'repeated flag', message, { received: flag, argument: argument.name })
}

/** A word too many is often a flag that lost its dashes, or a value that lost its flag. */
export function extraWord(entry: Entry, word: string, given: ReadonlyMap<string, string>): UsageError {
  const free = entry.arguments.filter(({ flag, name }) => flag && !given.has(name))
  const named = free.find(({ flag }) => flag === `--${word.replace(/[=:].*$/s, '').toLowerCase()}`)
  const fitting = free.find(
    (argument) => argument.kind !== 'text' && argument.kind !== 'boolean' && read(entry, argument.name, word).ok,
  )
  const meant = named?.flag ?? (fitting ? `${fitting.flag} ${quoted(word)}` : undefined)
  const suggestions = meant ? [meant] : []
  const positionals = entry.arguments.filter(({ flag }) => !flag).length
  const most = entry.arguments.some(({ flag, required }) => !flag && !required) ? 'at most ' : ''
  const plain = `${most}${positionals} plain ${positionals === 1 ? 'word' : 'words'}`
  const takes = positionals === 0 ? 'takes no plain words' : `takes ${plain}`
  const several = positionals > 0 && !meant ? ' A value of several words stands in quotes.' : ''
  const message = `${shown(word)} is one word too many: \`${entry.name}\` ${takes}.${didYouMean(suggestions)}${several}`
  return refusal(entry, 'extra word', message, { received: word, suggestions })
}

type Wrong = { argument: string; text: string; reading: Extract<Reading, { ok: false }> }

export function wrongValue(entry: Entry, { argument, text, reading }: Wrong): UsageError {
  const expected = entry.arguments.find(({ name }) => name === argument)?.expected
  return refusal(entry, 'wrong value', reading.message, {
    received: text,
    argument,
    suggestions: reading.suggestions,
    ...(expected === undefined ? {} : { expected }),
  })
}

function refusal(entry: Entry, problem: Problem, message: string, particulars: Particulars): UsageError {
  return new UsageError(`${message}${lesson(entry)}`, {
    problem,
    command: entry.name,
    usage: usageOf(entry),
    ...particulars,
  })
}
