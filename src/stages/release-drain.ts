import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { milliseconds, spoken } from '../core/duration.ts'
import type { Fields, Outcome, RunContext, StageKind } from '../core/workflow.ts'
import type { Instance } from '../tools/consul.ts'
import { consulOf } from './consul.ts'
import { isWell, look, words } from './instances.ts'
import type { Groups } from './release-groups.ts'
import { groupsOf, inService, instancesOf, LOOK_EVERY_MS, releaseFields, releaseInput } from './release-groups.ts'

const answer = z.looseObject({ connections: z.number().int().min(0) })

type Open = { readonly id: string; readonly connections: number | null }

/**
 * Waits until the old group has ended its connections, at most as long as the site says, and says what it saw. It fails where the new
 * group does not pass meanwhile.
 */
export const releaseDrain: StageKind<z.infer<typeof releaseInput>> = {
  kind: 'release.drain',
  input: releaseInput,
  repeatable: true,
  // It is the last moment at which the old group can come back: where the approval counts no more, it does.
  gated: true,
  plan: releaseFields,
  run: (fields, context) => drain(groupsOf(fields, context, consulOf(context)), context),
}

async function drain(groups: Groups, context: RunContext): Promise<Outcome> {
  const { client, version, old } = groups
  const began = context.now()
  const most = milliseconds(groups.drain)
  const wanted = inService(groups, version, context)
  for (;;) {
    const instances = await instancesOf(groups, old)
    const open = await Promise.all(instances.map((instance) => connectionsOf(instance, groups.connections)))
    const waited = context.now() - began
    const output: Fields = { drained: open, waited, said: said(open, waited, groups) }
    if (context.signal.aborted) return { kind: 'canceled', why: `canceled while ${old} was drained`, output }
    const [seen] = await look(client, [wanted])
    if (seen && !isWell(seen))
      return {
        kind: 'failed',
        error: `${version} does not pass any more while ${old} is drained: ${words([seen])}.`,
        output,
      }
    if (open.every(({ connections }) => connections === 0) || waited >= most) return { kind: 'succeeded', output }
    context.progress(`${old}: ${openText(open)}, for ${spoken(waited)} of at most ${groups.drain}`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** Null where it does not say: it has no such path, or does not answer. */
async function connectionsOf({ id, address }: Instance, path: string | null): Promise<Open> {
  if (path === null) return { id, connections: null }
  try {
    const response = await fetch(`http://${address}${path}`, { signal: AbortSignal.timeout(2000) })
    return { id, connections: answer.parse(await response.json()).connections }
  } catch {
    return { id, connections: null }
  }
}

function said(open: readonly Open[], waited: number, { old, connections }: Groups): string {
  if (old === '') return 'Nothing was live before, so there was nothing to drain.'
  if (open.length === 0) return `No instance of ${old} is registered any more.`
  const left = open.filter((each) => (each.connections ?? 0) > 0)
  const silent = open.filter((each) => each.connections === null)
  if (left.length > 0)
    return `After ${spoken(waited)} ${openText(left)} to ${old}; the removal ends what is left of them.`
  if (connections === null)
    return `Waited ${spoken(waited)} for ${old}; its connections were not counted (the site names no path for that).`
  if (silent.length > 0)
    return `Waited ${spoken(waited)}; ${silent.map(({ id }) => id).join(', ')} did not say how many connections are open.`
  return `All connections of ${old} had ended after ${spoken(waited)}.`
}

function openText(open: readonly Open[]): string {
  const counted = open.filter(({ connections }) => connections !== null)
  if (counted.length === 0) return 'connections are not counted'
  const sum = counted.reduce((all, { connections }) => all + (connections ?? 0), 0)
  return `${sum} ${sum === 1 ? 'connection is' : 'connections are'} open`
}
