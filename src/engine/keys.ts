/** Where everything lies in Redis. One prefix, so that two crews can share a server. */
export function keysOf(prefix: string) {
  const key = (...parts: string[]) => [prefix, ...parts].join(':')
  return {
    execution: (id: string) => key('execution', id),
    environment: (name: string) => key('environment', name),
    /** Executions by time of creation, all and those that are not over. */
    executions: key('executions'),
    open: key('open'),
    /** Those of which a worker has, or had, a stage in hand: what is looked at for dead workers. */
    inHand: key('in-hand'),
    /** Effects that wait to be done: ids by due time, and what they are. */
    due: key('effects', 'due'),
    effects: key('effects'),
    /** The same for those that only a bot can do. */
    dueForBots: key('effects', 'due-for-bots'),
    schedule: (id: string) => key('schedule', id),
    schedules: key('schedules'),
    /** Messages whose wanted state may differ from what Slack shows, by the time they should be looked at. */
    outbox: key('outbox'),
    /** Since when each of them is wanted: how old the oldest is. */
    outboxSince: `${key('outbox')}:since`,
    message: (name: string) => key('message', name),
    /** Names of messages of an execution that its record does not tell: warnings, and files of every attempt. */
    messagesOf: (execution: string) => key('messages', execution),
    /** People who opened their home, by when, and a digest of what each shows. */
    homes: key('homes'),
    home: (person: string) => key('home', person),
    seen: (request: string) => key('seen', request),
    progress: (execution: string) => key('progress', execution),
    /** What one start of a stage says while it runs, as a stream that is bounded. */
    log: (execution: string, stage: string, attempt: number) => key('log', execution, stage, String(attempt)),
    artifact: (execution: string, name: string) => key('artifact', execution, name),
    /** Sealed like an artifact, and of no execution: what was last seen right in Consul, and what waits for a datacenter. */
    kept: (name: string) => key('kept', name),
    /** Check value of the newest key that artifacts are sealed with. */
    artifactKey: key('artifact-key'),
    worker: (id: string) => key('worker', id),
    /** Every worker that said it lives, with what it can do and when it last did; those long silent are dead. */
    workers: key('workers'),
    groups: key('groups'),
    /** Groups of alerts, silences and tests: each a record, and lists of those that are open, by time. */
    alert: (id: string) => key('alert', id),
    alerts: key('alerts'),
    alertsOpen: key('alerts', 'open'),
    silence: (id: string) => key('silence', id),
    silences: key('silences'),
    silencesOpen: key('silences', 'open'),
    alertTests: key('alerts', 'tests'),
    /** Who evaluates: the fence that every change of his is compared with, the number of the last one, and what he last saw when. */
    alertsLease: key('alerts', 'lease'),
    alertsFence: key('alerts', 'fence'),
    alertsSeen: key('alerts', 'seen'),
    alertsCatchUp: (since: string) => key('alerts', 'catch-up', since),
    /** Datacenters and monitors that were seen once: they are missed when they are gone. */
    alertsDatacenters: key('alerts', 'datacenters'),
    alertsMonitors: key('alerts', 'monitors'),
    /** Break glass: each a record, lists by the time it ends of all and of those that nobody ended, and the place of a person and name. */
    glass: (id: string) => key('glass', id),
    glasses: key('glasses'),
    glassesHeld: key('glasses', 'held'),
    glassSlot: (slot: string) => key('glass-slot', slot),
    /** Who follows which service: each a record, lists by the time it began, and which bot looks. */
    consulWatch: (id: string) => key('consul-watch', id),
    consulWatches: key('consul-watches'),
    consulWatchesOpen: key('consul-watches', 'open'),
    consulWatchLease: key('consul-watches', 'lease'),
    consulWatchFence: key('consul-watches', 'fence'),
    /** What a trigger has had already, where; where it was looked at once; and which bot looks. */
    trigger: (name: string, what: string, where: string) => key('trigger', name, what, where),
    triggersBegun: key('triggers', 'begun'),
    /** How far the builds of a job were looked at, and what `triggers list` shows of a trigger. */
    triggerMark: (name: string, what: string, where: string) => key('trigger-mark', name, what, where),
    triggerNotes: (name: string) => key('trigger-notes', name),
    triggerFired: (name: string) => key('trigger-fired', name),
    triggersLease: key('triggers', 'lease'),
    triggersFence: key('triggers', 'fence'),
    /** The audit: its chain, where that stands, what waits for its place in it, and how far which file has it. */
    audit: key('audit'),
    auditHead: key('audit', 'head'),
    auditKept: key('audit', 'kept'),
    auditFiles: key('audit', 'files'),
    /** Numbers of the lines about one execution. */
    auditOf: (execution: string) => key('audit', 'of', execution),
    /** Pub/sub channel: hints that something changed. Missing one costs a second, nothing else. */
    feed: key('feed'),
    queue: `${prefix}-stages`,
  } as const
}

export type Keys = ReturnType<typeof keysOf>
