import { z } from 'zod'
import { milliseconds } from '../duration.ts'
import { duration, isDuration, name } from '../site/words.ts'

/** Longer than a day is no emergency any more: whoever needs the rights then gets a role. */
const LONGEST = '24h'
const SHORTEST = '1m'

/** Words that stand in a command of their own: `breakglass list`. */
const TAKEN = ['list', 'end']

const most = duration.default('1h').refine(isWithin, { error: `expected between ${SHORTEST} and ${LONGEST}` })

/** Who may raise his rights to which roles, for how long at most, and the channels that are told of it. */
const glassSettings = z.strictObject({
  who: z.array(name).min(1, { error: 'expected at least one role' }),
  gives: z.array(name).min(1, { error: 'expected at least one role' }),
  most,
  announce: z.array(name).min(1, { error: 'expected at least one channel: nobody raises his rights unseen' }),
})

/** Empty, which is the default, means off. */
export const breakGlassSettings = z
  .record(
    name.refine((text) => !TAKEN.includes(text), {
      error: `expected another name: \`breakglass ${TAKEN.join('` and `breakglass ')}\` are commands`,
    }),
    glassSettings,
  )
  .default({})

type Names = {
  readonly roles: object
  readonly channels: Readonly<Record<string, string>>
  readonly break_glass: z.infer<typeof breakGlassSettings>
}
type Tell = (path: readonly string[], message: string) => void

/** Roles and channels that it names have to be there, and no channel is told twice. */
export function checkBreakGlass(site: Names, tell: Tell): void {
  for (const [glass, { who, gives, announce }] of Object.entries(site.break_glass)) {
    const path = ['break_glass', glass]
    for (const [field, roles] of Object.entries({ who, gives })) {
      for (const role of roles)
        if (!Object.hasOwn(site.roles, role)) tell([...path, field], `names the role ${role}, which is not under roles`)
    }
    const known = announce.filter((channel) => Object.hasOwn(site.channels, channel))
    for (const channel of announce)
      if (!known.includes(channel))
        tell([...path, 'announce'], `names the channel ${channel}, which is not under channels`)
    const ids = known.map((channel) => site.channels[channel])
    if (new Set(ids).size < ids.length)
      tell([...path, 'announce'], 'names the same channel twice: each is told once, in one message')
  }
}

function isWithin(text: string): boolean {
  if (!isDuration(text)) return true // said already
  const ms = milliseconds(text)
  return ms >= milliseconds(SHORTEST) && ms <= milliseconds(LONGEST)
}
