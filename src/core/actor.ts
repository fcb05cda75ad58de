/** Somebody who can be asked: a Slack user by the immutable id with the id of the workspace, or whoever runs the CLI on a host. */
export type Person =
  | { readonly kind: 'slack'; readonly team: string; readonly user: string }
  | { readonly kind: 'shell'; readonly user: string }

/**
 * Who did it: a person, or something that acts by itself. `lifetime` is the clock that takes an environment down when its time is
 * over; a schedule acts with the rights of its owner and with no others; a webhook is named by the site,
 * and so is a trigger: something that happens in Consul or Jenkins.
 */
export type Actor =
  | Person
  | { readonly kind: 'lifetime'; readonly environment: string }
  | { readonly kind: 'schedule'; readonly id: string; readonly owner: Person }
  | { readonly kind: 'webhook'; readonly name: string }
  | { readonly kind: 'trigger'; readonly name: string }
  /** The execution that one is nested in; it only ever stops what it began. */
  | { readonly kind: 'parent'; readonly execution: string }
  /** The end of a break glass, which looks for what it left behind and may do nothing else. */
  | { readonly kind: 'breakglass'; readonly glass: string }

/** The one text by which an actor is compared and recorded: `T01TEAM/U01ALICE`, `shell:ann`, `lifetime:loadtest`, `schedule:k3f9`. */
export function idOf(actor: Actor): string {
  switch (actor.kind) {
    case 'slack':
      return `${actor.team}/${actor.user}`
    case 'shell':
      return `shell:${actor.user}`
    case 'lifetime':
      return `lifetime:${actor.environment}`
    case 'schedule':
      return `schedule:${actor.id}`
    case 'webhook':
      return `webhook:${actor.name}`
    case 'trigger':
      return `trigger:${actor.name}`
    case 'parent':
      return `parent:${actor.execution}`
    case 'breakglass':
      return `breakglass:${actor.glass}`
  }
}

/** As it is written in messages; `@U01ALICE` becomes a mention where the message is drawn for Slack. */
export function nameOf(actor: Actor): string {
  switch (actor.kind) {
    case 'slack':
      return `@${actor.user}`
    case 'shell':
      return `shell:${actor.user}`
    case 'lifetime':
      return `the end of ${actor.environment}'s time`
    case 'schedule':
      return `schedule ${actor.id} of ${nameOf(actor.owner)}`
    case 'webhook':
      return `webhook:${actor.name}`
    case 'trigger':
      return `trigger:${actor.name}`
    case 'parent':
      return `the execution ${actor.execution} that it is part of`
    case 'breakglass':
      return `the end of break glass ${actor.glass}`
  }
}

/** The ids of all who count as having asked: with a schedule also its owner, who must not approve what he asked for by the clock. */
export function askersOf(actor: Actor): string[] {
  return actor.kind === 'schedule' ? [idOf(actor.owner), idOf(actor)] : [idOf(actor)]
}

/** The same for a recorded id. */
export function nameOfId(id: string): string {
  const user = /^T[A-Z0-9]+\/([A-Z0-9]+)$/.exec(id)?.[1]
  return user ? `@${user}` : id
}
