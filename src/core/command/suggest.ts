import { distance } from 'fastest-levenshtein'
import { asCode } from '../text.ts'

/** How far a typed word is from a right one, or null when it is too far to be a slip of the finger. */
export function nearness(typed: string, right: string): number | null {
  const [from, to] = [typed.toLowerCase(), right.toLowerCase()]
  if (from === to) return 0
  if (from.length >= 2 && to.startsWith(from)) return 1
  const steps = distance(from, to)
  if (steps === 2 && letters(from) === letters(to)) return 1
  const length = Math.max(from.length, to.length)
  const limit = length <= 5 ? 1 : length <= 7 ? 2 : 3
  return steps <= limit && steps < to.length ? steps : null
}

/** The right words that somebody may have meant, the nearest first. */
export function nearest(typed: string, right: readonly string[]): string[] {
  return ranked(right.map((word) => ({ word, score: nearness(typed, word) })))
}

/** The same for commands of several words: one of them misspelled, all in another order, run together, or the first left out. */
export function nearestCommands(typed: readonly string[], names: readonly string[]): string[] {
  return ranked(names.map((name) => ({ word: name, score: commandNearness(typed, name.split(' ')) })))
}

/** ` Did you mean X or Y?`, or nothing. */
export function didYouMean(suggestions: readonly string[]): string {
  return suggestions.length ? ` Did you mean ${suggestions.map((word) => asCode(word)).join(' or ')}?` : ''
}

function commandNearness(typed: readonly string[], name: readonly string[]): number | null {
  const count = name.length
  const scores = [
    wordsNearness(typed.slice(0, count), name),
    swapped(typed.slice(0, count), name),
    glued(typed, name),
    count > 1 && typed[0]?.toLowerCase() === name.at(-1) ? 1 : null,
  ]
  const found = scores.filter((score) => score !== null)
  return found.length ? Math.min(...found) : null
}

function wordsNearness(typed: readonly string[], name: readonly string[]): number | null {
  if (typed.length !== name.length) return null
  const each = name.map((word, index) => nearness(typed[index] ?? '', word))
  return each.reduce<number | null>((sum, score) => (sum === null || score === null ? null : sum + score), 0)
}

/** `up loadtest`; the place counts a little, so that a plain misspelling comes first. */
function swapped(typed: readonly string[], name: readonly string[]): number | null {
  if (name.length < 2) return null
  const score = wordsNearness(typed.map((word) => word.toLowerCase()).toSorted(), name.toSorted())
  return score === null ? null : score + 1
}

/** `loadtestup`, `load test up`, `loadtest-up`: fewer words than the name has, or one more. */
function glued(typed: readonly string[], name: readonly string[]): number | null {
  const whole = compact(name)
  const counts = [...name.map((_, index) => index), name.length + 1].filter(
    (count) => count > 0 && count <= typed.length,
  )
  const near = counts.flatMap((count) => {
    const text = compact(typed.slice(0, count))
    const steps = distance(text, whole)
    const onlyBegun = count < name.length && distance(text, compact(name.slice(0, count))) <= steps
    return onlyBegun || steps > (whole.length >= 8 ? 2 : 1) ? [] : [steps]
  })
  return near.length ? Math.min(...near) : null
}

function compact(words: readonly string[]): string {
  return words
    .join('')
    .toLowerCase()
    .replace(/[-_:/.]/g, '')
}

function ranked(scored: readonly { word: string; score: number | null }[]): string[] {
  const near = scored.flatMap(({ word, score }) => (score === null ? [] : [{ word, score }]))
  const best = Math.min(...near.map(({ score }) => score))
  return near
    .filter(({ score }) => score <= best)
    .map(({ word }) => word)
    .toSorted()
    .slice(0, 3)
}

function letters(word: string): string {
  return [...word].toSorted().join('')
}
