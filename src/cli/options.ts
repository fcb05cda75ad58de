import { nearest } from '../core/command/suggest.ts'
import { shown } from '../core/text.ts'
import { UserError } from '../errors.ts'
import type { Options } from './verb.ts'

/**
 * Whose words they are: `own` has only options of ours and files; `line` is a command line of the bot, whose own flags stand after
 * its first word; of `passed` every word but our options is handed on.
 */
export type Takes = { readonly words: 'own' | 'line' | 'passed'; readonly options: readonly ('as' | 'site' | 'json')[] }

type Read = { as?: string; site?: string; json: boolean; help: boolean }

/** The options of a verb, wherever they stand before a `--`, and the words besides. Throws a `UserError` for what it does not take. */
export function readArguments(
  verb: string,
  takes: Takes,
  argv: readonly string[],
): { options: Options; words: string[] } {
  const options: Read = { json: false, help: false }
  const words: string[] = []
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (word === '--') return { options, words: [...words, ...argv.slice(words.length > 0 ? at : at + 1)] }
    if (isHelp(word) && (takes.words !== 'line' || words.length === 0)) options.help = true
    else if (isOwn(word, takes)) at += readOption(options, word, argv[at + 1])
    else if (!looksLikeOption(word) || takes.words === 'passed' || (takes.words === 'line' && words.length > 0))
      words.push(word)
    else throw unknownOption(verb, takes, word)
  }
  return { options, words }
}

/**
 * The words that a shell has taken apart, as one line again: what stood in quotes there gets them back. A first word with spaces in
 * it is the whole line in quotes, as it is.
 */
export function lineOf(words: readonly string[]): string {
  const [first = '', ...rest] = words
  return [first, ...rest.map(requoted)].join(' ').trim()
}

function requoted(word: string): string {
  if (word !== '' && !/\s/.test(word)) return word
  const [, flag = '', value = ''] = /^(--[\w-]+=)?(.*)$/s.exec(word) ?? []
  return `${flag}"${value.replace(/["\\]/g, '\\$&')}"`
}

const isHelp = (word: string) => word === '--help' || word === '-h'
const looksLikeOption = (word: string) => word.startsWith('-') && word !== '-'
const nameIn = (word: string) => /^--([a-z]+)(=|$)/.exec(word)?.[1]
const isOwn = (word: string, { options }: Takes) => options.some((option) => option === nameIn(word))

/** How many words the value took. */
function readOption(options: Read, word: string, next: string | undefined): 0 | 1 {
  const equals = word.indexOf('=')
  const name = nameIn(word) as 'as' | 'site' | 'json'
  if (name === 'json') {
    if (equals >= 0) throw new UserError('`--json` takes no value.')
    options.json = true
    return 0
  }
  if (options[name] !== undefined) throw new UserError(`\`--${name}\` is there twice. Say it once.`)
  const value = equals >= 0 ? word.slice(equals + 1) : next
  if (!value || (equals < 0 && looksLikeOption(value))) throw new UserError(`\`--${name}\` needs ${VALUES[name]}.`)
  options[name] = value
  return equals >= 0 ? 0 : 1
}

const VALUES = { as: 'a Slack user id: `--as U01ALICE`', site: 'a site file: `--site groundcrew.yml`' } as const

function unknownOption(verb: string, { options, words }: Takes, word: string): UserError {
  const near = nearest(word.replace(/^-+/, '').replace(/=.*$/s, ''), options).map((name) => `\`--${name}\``)
  const known = options.map((name) => `\`--${name}\``).join(', ') || 'none'
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ` Its options: ${known}.`
  const line = words === 'line' ? " The command's own flags stand after its name." : ''
  return new UserError(`\`crew ${verb}\` has no option ${shown(word)}.${hint}${line}`)
}
