import { rolesOf } from '../../core/access.ts'
import { idOf, nameOf } from '../../core/actor.ts'
import type { GlassAnswers, GlassWish } from '../../core/break-glass/asking.ts'
import { begun, ended, stateText } from '../../core/break-glass/end.ts'
import type { Glass, Holder } from '../../core/break-glass/glass.ts'
import { holds, isTurnedOn } from '../../core/break-glass/glass.ts'
import { didYouMean, nearest } from '../../core/command/suggest.ts'
import { milliseconds, spoken } from '../../core/duration.ts'
import { dayAndClock, rolesText } from '../../core/judgment.ts'
import { quoted } from '../../core/text.ts'
import type { Asked } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { newId } from '../id.ts'
import type { CrewParts } from '../parts.ts'

/** The shortest reason that may say something to those who read it a week later. */
const SHORTEST_WHY = 10
const LONGEST_WHY = 300

/** What people may do with break glass, for one asker. */
export function breakGlassOf(parts: CrewParts, asked: Asked): GlassAnswers {
  return {
    begin: (wish) => refusedAloud(parts, wish, asked),
    end: (id) => endGlass(parts, id, asked),
    list: (limit) => parts.store.glasses.list(limit),
  }
}

/** That somebody tried and was refused is recorded like any other refusal. */
async function refusedAloud(parts: CrewParts, wish: GlassWish, asked: Asked): Promise<string> {
  try {
    return await begin(parts, wish, asked)
  } catch (error) {
    // Under another break glass every refusal of an answer is recorded anyway.
    if (!(error instanceof UserError) || asked.glass?.length) throw error
    const line = `breakglass ${quoted(wish.role)} --for ${quoted(wish.for)} --why ${quoted(wish.why)}`
    const about = {
      who: idOf(asked.actor),
      line,
      why: error.message,
      ...(asked.channel ? { channel: asked.channel } : {}),
    }
    await parts.audit.note({ kind: 'refused', ...about }, `refused:${requestOf(parts, asked)}`)
    throw error
  }
}

/** Raises the rights of the asker for a while. Throws a `UserError` that says why not. */
async function begin(parts: CrewParts, wish: GlassWish, asked: Asked): Promise<string> {
  const { store, now } = parts
  const { actor, channel } = asked
  if (actor.kind !== 'slack') throw new UserError('Only a person in Slack may break glass: its announcement calls him.')
  const settings = await settingsFor(parts, wish.role, actor)
  const lasts = checkedTime(wish, settings.most)
  const why = checkedReason(wish.why)
  const request = requestOf(parts, asked)
  const id = newId(`glass:${request}`)
  const glass = await store.glasses.begin(
    `${wish.role}:${idOf(actor)}`,
    (clock, last) => {
      if (last && holds(last, clock)) throw new UserError(alreadyText(last))
      const { gives, announce } = settings
      const made: Glass = {
        ...{ id, version: 0, request, role: wish.role, gives, by: actor, why, channel, announce },
        ...{ from: clock, until: clock + lasts, ended: null, looks: null, seen: '', summedAt: null },
      }
      return begun(made, now())
    },
    { key: `glass-begin:${request}`, until: asked.until },
  )
  parts.kick()
  return `You have ${rolesText(glass.gives)} until ${dayAndClock(glass.until)} (break glass \`${glass.id}\`). It is announced, and all that you do is marked with it. \`breakglass end ${glass.id}\` ends it; what you ask for yourself, others approve.`
}

/** Throws a `UserError` where there is none of this name, or it is not for this person. */
async function settingsFor({ site, groups }: CrewParts, role: string, actor: Holder) {
  if (!isTurnedOn(site)) throw new UserError('Break glass is off: the site file has no `break_glass`.')
  const names = Object.keys(site.break_glass)
  const settings = Object.hasOwn(site.break_glass, role) ? site.break_glass[role] : undefined
  if (!settings)
    throw new UserError(
      `There is no \`${role}\` under \`break_glass\`; there are ${rolesText(names)}.${didYouMean(nearest(role, names))}`,
    )
  // Not with raised rights: one break glass must not open the next.
  const own = rolesOf(site, actor, await groups())
  if (settings.who.some((each) => own.includes(each))) return settings
  const have = own.length > 0 ? rolesText(own) : 'no role'
  throw new UserError(
    `Only ${rolesText(settings.who)} may break glass \`${role}\`. You have ${have}, not counting what break glass gives.`,
  )
}

function checkedTime({ for: time }: GlassWish, most: string): number {
  const lasts = milliseconds(time)
  if (lasts <= milliseconds(most)) return lasts
  throw new UserError(
    `It may last ${most} at most; \`--for ${time}\` is longer. It can be asked for again when it is over.`,
  )
}

function checkedReason(text: string): string {
  const why = text.replace(/\s+/g, ' ').trim()
  if (why.length >= SHORTEST_WHY && why.length <= LONGEST_WHY) return why
  throw new UserError(
    `Say why in ${SHORTEST_WHY} to ${LONGEST_WHY} characters, so that others understand it; what came has ${why.length}.`,
  )
}

function alreadyText({ id, role, until }: Glass): string {
  return `You hold \`${role}\` already, as \`${id}\`, until ${dayAndClock(until)}. \`breakglass end ${id}\` ends it; then it can be asked for anew.`
}

/** Anybody may: it only takes rights away. Throws a `UserError` where there is none. */
export async function endGlass(
  parts: CrewParts,
  typed: string,
  asked: Pick<Asked, 'actor' | 'request' | 'until'>,
): Promise<string> {
  const { store, now } = parts
  const id = typed.toLowerCase()
  const changed = await store.glasses.alter(
    id,
    (glass, clock) => ended(glass, asked.actor, clock, now()),
    asked.request === undefined ? undefined : { key: `glass-end:${asked.request}`, until: asked.until },
  )
  parts.kick()
  const glass = changed ?? (await store.glasses.find(id))
  if (!glass) throw new UserError(`There is no break glass \`${typed}\`. \`breakglass list\` shows them.`)
  const { now: clock } = await store.glasses.look()
  const whose = `Break glass \`${glass.id}\` of ${nameOf(glass.by)} (\`${glass.role}\`)`
  if (changed) return `${whose} is over: the rights are gone. A summary is posted where it was announced.`
  const ago = glass.ended ? `, ${spoken(Math.max(clock - glass.ended.at, 1000))} ago` : ''
  return `${whose} is over already: ${stateText(glass, clock)}${ago}.`
}

function requestOf({ now }: CrewParts, { request, actor }: Asked): string {
  return request ?? `${idOf(actor)}:${now()}`
}
