import type { Argument } from '../core/command.ts'
import { liveNames } from '../engine/consul/live-names.ts'
import { messageOf } from '../errors.ts'
import type { Desk } from './desk.ts'
import { SLACK } from './limits.ts'

/**
 * Arguments whose names are those that Consul has now get them as choices, as many as a list of Slack's takes; with more of them, or without an
 * answer in time, the field is one for text, as it is without Consul.
 */
export async function withLiveChoices(
  desk: Pick<Desk, 'parts' | 'log'>,
  all: readonly Argument[],
): Promise<Argument[]> {
  const kinds = [...new Set(all.flatMap(({ live }) => live ?? []))]
  const named = await Promise.all(
    kinds.map(async (kind) => {
      const names = await liveNames(desk.parts, kind).catch((error: unknown) => {
        desk.log.warn({ error: messageOf(error) }, 'names not offered')
        return []
      })
      return [kind, names] as const
    }),
  )
  const names = new Map(named)
  return all.map((argument) => {
    const choices = argument.live ? (names.get(argument.live) ?? []) : []
    return choices.length > 0 && choices.length <= SLACK.options ? { ...argument, choices } : argument
  })
}
