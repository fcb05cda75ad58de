import { UserError } from '../../errors.ts'
import type { Matchers } from '../alert.ts'
import { BLIND } from '../alert.ts'
import { didYouMean, nearest } from '../command/suggest.ts'
import { shown } from '../text.ts'
import { like } from './route.ts'
import { type AlertSettings, severities } from './settings.ts'

/** What somebody wants silenced: one alert by its id, or whatever fits all of the others. */
export type SilenceWish = { readonly [key in 'alert' | keyof Matchers]?: string | undefined }

const FLAGS = '`--rule`, `--dc`, `--severity`, `--node`, `--service`, `--check`, `--tag`'

/**
 * The id of an alert, or what a silence has to cover. Throws a `UserError` where it says nothing, both, or by mistake everything: silence over
 * all has to be asked for by `--rule "*"`. A rule or a severity that nothing has is a slip of the finger, and would silence nothing.
 */
export function wantedSilence({ alert, ...wish }: SilenceWish, { rules }: AlertSettings): string | Matchers {
  const given = Object.entries(wish).filter((entry): entry is [string, string] => entry[1] !== undefined)
  if (alert !== undefined) {
    if (given.length === 0) return alert
    throw new UserError(`Either one alert by its id, or what fits: leave out ${shown(alert)} or the flags.`)
  }
  if (given.length === 0)
    throw new UserError(`Say what to silence: an alert by its id (\`alerts list\`), or at least one of ${FLAGS}.`)
  const matchers: Matchers = Object.fromEntries(given)
  if (wish.rule === undefined && given.every(([, pattern]) => /^\*+$/.test(pattern)))
    throw new UserError('That would silence every alert. If you mean all of them, say so: `--rule "*"`.')
  refuseUnknown('rule', wish.rule, [...rules.map(({ name }) => name), BLIND])
  refuseUnknown('severity', wish.severity, severities)
  return matchers
}

function refuseUnknown(what: string, pattern: string | undefined, names: readonly string[]): void {
  if (names.some((name) => like(pattern, name))) return
  const list = names.map((name) => `\`${name}\``).join(', ')
  throw new UserError(
    `No ${what} is called ${shown(pattern ?? '')}.${didYouMean(nearest(pattern ?? '', names))} There are ${list}; \`*\` stands for any text.`,
  )
}
