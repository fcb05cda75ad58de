import { distance } from 'fastest-levenshtein'
import { decide, mayEver, rolesThatMay } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import { nameOf } from '../core/actor.ts'
import { goneText, historyLines } from '../core/audit/history.ts'
import { auditText } from '../core/audit.ts'
import { entriesUnder, helpFor, helpList, helpText, parseCommand } from '../core/command.ts'
import { milliseconds } from '../core/duration.ts'
import type { Execution } from '../core/execution.ts'
import { rolesText } from '../core/judgment.ts'
import { forgottenText } from '../core/retention.ts'
import { environmentNamed } from '../core/target.ts'
import type { AnswerContext, Asked, ServiceHealth } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { createConsul } from '../tools/consul.ts'
import { alertsOf } from './alerts/deeds.ts'
import { ArtifactGone } from './artifacts.ts'
import { breakGlassOf } from './break-glass/deeds.ts'
import { consulOf } from './consul/lookups.ts'
import { cancelOrLeave } from './deeds.ts'
import { deploysOf } from './deploys.ts'
import { freeze, override, unfreeze } from './freeze.ts'
import { imagesOf } from './images.ts'
import { inventoryOf } from './inventory/answers.ts'
import { locksOf, steal } from './locks.ts'
import type { CrewParts } from './parts.ts'
import { wantedByAll } from './request.ts'
import { retry } from './retry.ts'
import { rightsOf } from './rights.ts'
import { schedulesOf } from './schedules.ts'
import { triggersOf } from './triggers/standing.ts'

/** What a read-only command may look at, for one asker. */
export function answerOf(parts: CrewParts, asked: Asked): AnswerContext {
  const { store, site } = parts
  return {
    ...asked,
    site,
    now: parts.now(),
    runs: (options) => store.list(options),
    run: (id) => findRun(parts, id),
    environment: (name) => store.environment(environmentNamed(site, name).name),
    cancel: async (id) => cancelOrLeave(parts, await findRun(parts, id), asked),
    locks: () => locksOf(parts),
    steal: (name, why) => steal(parts, name, why, asked),
    freeze: (wish) => freeze(parts, wish, asked),
    unfreeze: (name) => unfreeze(parts, name, asked),
    override: async (id, why) => override(parts, (await findRun(parts, id)).id, why, asked),
    retry: async (id, go) => retry(parts, await findRun(parts, id), asked, go),
    help: (topic) => helpOn(parts, asked, topic),
    can: (person, line) => can(parts, person, line),
    audit: (query) => audit(parts, query),
    history: (id) => history(parts, id),
    file: (id, name) => textOf(parts, id, name),
    images: imagesOf(parts, asked),
    deploys: deploysOf(parts),
    schedules: schedulesOf(parts, asked),
    triggers: { list: () => triggersOf(parts) },
    alerts: alertsOf(parts, asked),
    consul: consulOf(parts, asked),
    inventory: inventoryOf(parts.site, consulOf(parts, asked)),
    breakGlass: breakGlassOf(parts, asked),
    health: (name) => healthOf(parts, name),
  }
}

/** Among so many, the newest, a beginning of an id is looked for. */
const MOST_SEARCHED = 20_000

/** As long as one that is made, and not only the beginning of one. */
const WHOLE_ID = /^(end-)?[a-z0-9]{8}(-x\d+)?$/

/** By its id, or a beginning of it that fits only one, in any case. Throws a `UserError` with near ones. */
async function findRun({ store, site }: Pick<CrewParts, 'store' | 'site'>, typed: string): Promise<Execution> {
  const id = typed.toLowerCase()
  const exactly = (await store.execution(typed)) ?? (await store.execution(id))
  if (exactly) return exactly
  const ids = await store.ids(MOST_SEARCHED)
  const starting = id.length >= 3 ? ids.filter((each) => each.toLowerCase().startsWith(id)) : []
  const [only] = starting
  const found = only !== undefined && starting.length === 1 ? await store.execution(only) : null
  if (found) return found
  const near = starting.length > 0 ? starting : ids.filter((each) => distance(each.toLowerCase(), id) <= 2)
  const names = near.slice(0, 3).map((each) => `\`${each}\``)
  const latest = WHOLE_ID.test(id) ? forgottenText(site, id) : 'See `runs list` for the latest.'
  const hint = names.length > 0 ? `Did you mean ${names.join(' or ')}?` : latest
  const all =
    ids.length < MOST_SEARCHED
      ? ''
      : ` Only the latest ${MOST_SEARCHED} were searched; an older one needs its whole id.`
  throw new UserError(`There is no execution \`${typed}\`. ${hint}${all}`)
}

function helpOn({ catalog, site }: CrewParts, { roles }: Asked, topic: string): string {
  const entry = catalog.entries.get(topic)
  if (entry) {
    const may = mayEver(site, roles, entry.name, entry.command.allow)
    return `${helpText(helpFor(entry.name, entry.command, site))}${may ? '' : '\nYou may not run this with the roles you have.'}`
  }
  const usable = entriesUnder(catalog, topic).filter(({ name, command }) => mayEver(site, roles, name, command.allow))
  if (usable.length === 0)
    return `There is nothing below \`${topic}\` that you may run. \`whoami\` says which roles you have.`
  return `${helpList(usable)}\nOnly what you may run is listed.`
}

async function can(parts: CrewParts, person: string, line: string): Promise<string> {
  const parsed = parseCommand(parts.catalog, line)
  const actor = personOf(parts, person)
  const { roles } = await rightsOf(parts, actor)
  const [first, ...later] = wantedByAll(parsed, parts.site)
  // All of it has to be allowed: what is refused is what there is to say.
  const wanted = [first, ...later].find((each) => !decide(parts.site, roles, each).allowed) ?? first
  const decision = decide(parts.site, roles, wanted)
  const may = rolesThatMay(parts.site, wanted)
  const who = wanted.allow.includes('everyone')
    ? 'Everyone may.'
    : may.length > 0
      ? `Roles that may: ${rolesText(may)}.`
      : 'No role may.'
  const have = roles.length > 0 ? rolesText(roles) : 'no role'
  if (decision.allowed)
    return `Yes: ${nameOf(actor)} may run \`${parsed.line}\`, by the rule \`${decision.rule}\`. ${who}`
  return `No: ${nameOf(actor)} may not run \`${parsed.line}\` and has ${have}. ${who}`
}

/** As many lines as a person reads about one execution; the short commands among them are folded. */
const MOST_HISTORY = 400

async function history(parts: CrewParts, execution: string): Promise<string[]> {
  const since = (await parts.store.execution(execution))?.createdAt ?? 0
  const { lines, gone, files } = await parts.audit.about({ execution, since: since - 60_000, limit: MOST_HISTORY })
  return [...(gone.length > 0 ? [goneText(execution, gone, files)] : []), ...historyLines(lines)]
}

/** Only texts that were written for people: never a plan file, a stack or a state. Null where there is none; any other trouble is told. */
async function textOf({ artifacts }: CrewParts, execution: string, name: string): Promise<string | null> {
  if (!name.endsWith('.txt')) return null
  const kept = artifacts.of(execution).get(name)
  const content = await kept.catch((error: unknown) => {
    if (error instanceof ArtifactGone) return null
    throw error
  })
  return content && Buffer.from(content).toString('utf8')
}

type AuditQuery = Parameters<AnswerContext['audit']>[0]

async function audit(parts: CrewParts, { since, ...query }: AuditQuery): Promise<string[]> {
  const lines = await parts.audit.find({ ...query, since: parts.now() - milliseconds(since), short: false })
  return lines.map((line) => auditText(line))
}

function personOf({ site }: CrewParts, person: string): Actor {
  if (person.startsWith('shell:')) return { kind: 'shell', user: person.slice('shell:'.length) }
  return { kind: 'slack', team: site.slack.team, user: person.replace(/^@/, '').toUpperCase() }
}

async function healthOf(parts: CrewParts, name: string): Promise<ServiceHealth[]> {
  const consul = createConsul(parts.consul.address, parts.consul.token)
  const services = Object.keys(environmentNamed(parts.site, name).health)
  return Promise.all(
    services.map(async (service) => {
      const instances = await consul.instances(service)
      return { service, instances, passing: instances.filter(({ status }) => status === 'passing').length }
    }),
  )
}
