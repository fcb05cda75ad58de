/**
 * Who did it. A person is known by the immutable Slack user id with the id of the workspace, never by a name; `shell` is whoever
 * runs the CLI on a host; `lifetime` is the clock that takes an environment down when its time is over.
 */
export type Actor =
  | { readonly kind: 'slack'; readonly team: string; readonly user: string }
  | { readonly kind: 'shell'; readonly user: string }
  | { readonly kind: 'lifetime'; readonly environment: string }

/** The one text by which an actor is compared and recorded: `T01TEAM/U01ALICE`, `shell:ann`, `lifetime:loadtest`. */
export function idOf(actor: Actor): string {
  if (actor.kind === 'slack') return `${actor.team}/${actor.user}`
  return actor.kind === 'shell' ? `shell:${actor.user}` : `lifetime:${actor.environment}`
}

/** As it is written in messages; `@U01ALICE` becomes a mention where the message is drawn for Slack. */
export function nameOf(actor: Actor): string {
  if (actor.kind === 'slack') return `@${actor.user}`
  return actor.kind === 'shell' ? `shell:${actor.user}` : `the end of ${actor.environment}'s time`
}

/** The same for a recorded id. */
export function nameOfId(id: string): string {
  const user = /^T[A-Z0-9]+\/([A-Z0-9]+)$/.exec(id)?.[1]
  return user ? `@${user}` : id
}
