import { didYouMean } from '../command/suggest.ts'
import { asCode } from '../text.ts'
import { withoutPasswords } from '../user-info.ts'
import type { SinceOf } from './asking.ts'
import { freshLine, hiddenText, troubleLines } from './freshness.ts'
import { checkLine, ICONS, placeOf, sickChecks, sickFirst, stateOf, states, versionOf } from './health.ts'
import { nearNames } from './miss.ts'
import type { Check, Datacenter, DcAnswer, Everywhere, FullNode, Instance, Service } from './rows.ts'
import { rowsOf } from './rows.ts'

type Told = { readonly since: SinceOf; readonly now: number }

/** What is always said first: what it is, who did not answer, and how fresh the rest is. */
function head(first: string, answer: Everywhere<unknown>): string[] {
  return [first, ...troubleLines(answer), freshLine(answer)]
}

/** Services by name, each with the datacenters that have it and all tags of its instances. */
export function describeServices(
  answer: Everywhere<readonly Service[]>,
  { tag }: { tag?: string | undefined },
): string[] {
  const wanted = tag?.toLowerCase()
  const rows = rowsOf(answer).filter(
    ({ tags }) => wanted === undefined || tags.some((each) => each.toLowerCase() === wanted),
  )
  const byName = [...Map.groupBy(rows, ({ name }) => name)].toSorted(([one], [other]) => (one < other ? -1 : 1))
  const tagged = tag === undefined ? '' : ` with the tag ${asCode(tag)}`
  const lines = byName.map(([name, found]) => {
    const where = found.map(({ dc }) => asCode(dc)).join(', ')
    return `• ${asCode(name)} in ${where}${tagsText(found.flatMap(({ tags }) => tags))}`
  })
  const near =
    tag !== undefined && rows.length === 0
      ? nearNames(tag, [...new Set(rowsOf(answer).flatMap(({ tags }) => tags))])
      : []
  return [
    ...head(`*${count(byName.length, 'service')}*${tagged}${near.length > 0 ? `.${didYouMean(near)}` : ''}`, answer),
    ...lines,
  ]
}

const MOST_TAGS = 12
const LONGEST_TAG = 120

function tagsText(tags: readonly string[]): string {
  const different = [...new Set(tags)].filter((tag) => tag.trim()).toSorted()
  if (different.length === 0) return ''
  const left = different.length - MOST_TAGS
  return `, tags ${different.slice(0, MOST_TAGS).map(tagText).join(', ')}${left > 0 ? ` and ${left} more` : ''}`
}

/** Some hide whole configurations in tags: the password of an address goes before what is too long does. */
function tagText(tag: string): string {
  const bare = withoutPasswords(tag)
  return asCode(bare.length > LONGEST_TAG ? `${bare.slice(0, LONGEST_TAG - 1)}…` : bare)
}

/** Instances of a service, sick ones first, each with what its checks say. */
export function describeService(
  name: string,
  answer: Everywhere<readonly Instance[]>,
  { passing, ...told }: Told & { readonly passing: boolean },
): string[] {
  const rows = rowsOf(answer)
  const shown = sickFirst(rows, (row) => ({ state: stateOf(row.checks), name: `${row.dc} ${row.node} ${row.id}` }))
  const only = passing ? ', only those that pass' : ''
  const first = `*${name.replaceAll('*', '∗')}*: ${count(rows.length, 'instance')}${only}${countsText(rows.map(({ checks }) => stateOf(checks)))}`
  return [...head(first, answer), ...shown.flatMap((row) => instanceLines(row, told))]
}

function countsText(all: readonly (typeof states)[number][]): string {
  const counts = states.flatMap((state) => {
    const those = all.filter((each) => each === state).length
    return those > 0 ? [`${those} ${state}`] : []
  })
  return counts.length > 0 ? `: ${counts.join(', ')}` : ''
}

type InDc = { readonly dc: string }

function instanceLines(row: Instance & InDc, { since, now }: Told): string[] {
  const state = stateOf(row.checks)
  const version = versionOf(row)
  const parts = [
    `${ICONS[state]} *${state}* ${asCode(placeOf(row))} on ${asCode(row.node)} in ${asCode(row.dc)}`,
    ...(row.id === row.service ? [] : [`id ${asCode(row.id)}`]),
    ...(version === null ? [] : [`version ${asCode(version)}`]),
  ]
  const sick = sickChecks(row.checks)
  const none = row.checks.length === 0 ? ['it has no check, so nobody knows'] : []
  const steady = state === 'passing' ? steadyText(row) : []
  return [
    `${[...parts, ...none, ...steady].join(', ')}${tagsText(row.tags)}`,
    ...sick.map((check) => `      ↳ ${checkLine({ ...check, dc: row.dc }, since, now)}`),
  ]
}

/** Of what passes there is no time at all, only the index at which the last of its checks began to say so. */
function steadyText({ checks }: Instance): string[] {
  return checks.length === 0 ? [] : [`so since index ${Math.max(...checks.map(({ index }) => index))}`]
}

/** One node, wherever there is one of this name: its addresses, its own checks, and what runs on it. */
export function describeNode(name: string, answer: Everywhere<readonly FullNode[]>, told: Told): string[] {
  const rows = rowsOf(answer)
  const lines = rows.flatMap((row) => {
    const state = stateOf(row.checks)
    const others = Object.entries(row.addresses).filter(([, address]) => address !== row.address)
    const also =
      others.length > 0 ? `, ${others.map(([network, address]) => `${network} ${asCode(address)}`).join(', ')}` : ''
    const meta = Object.entries(row.meta).filter(([, value]) => value !== '')
    const checks = sickChecks(row.checks).map(
      (check) => `      ↳ ${checkLine({ ...check, dc: row.dc }, told.since, told.now)}`,
    )
    const runs = sickFirst(row.instances, (each) => ({
      state: stateOf(each.checks),
      name: `${each.service} ${each.id}`,
    }))
    return [
      `${ICONS[state]} *${state}* ${asCode(row.node)} in ${asCode(row.dc)}, address ${asCode(row.address)}${also}`,
      ...(meta.length > 0
        ? [`      meta ${meta.map(([key, value]) => asCode(withoutPasswords(`${key}=${value}`))).join(', ')}`]
        : []),
      ...checks,
      ...(runs.length === 0 ? ['      runs no service'] : []),
      ...runs.flatMap((each) => onNode({ ...each, dc: row.dc }, told)),
    ]
  })
  const first = `*${name.replaceAll('*', '∗')}*: ${rows.length === 1 ? 'a node' : `${rows.length} nodes of this name`} with ${count(rows.flatMap(({ instances }) => instances).length, 'instance')}`
  return [...head(first, answer), ...lines]
}

function onNode(row: Instance & InDc, told: Told): string[] {
  const own = { ...row, checks: row.checks.filter(({ serviceId }) => serviceId !== '') }
  const [first = '', ...rest] = instanceLines(own, told)
  return [`   • ${asCode(row.service)} ${first}`, ...rest]
}

/** Checks, the sickest first. Without a state those that do not pass. */
export function describeHealth(
  answer: Everywhere<readonly Check[]>,
  { state, ...told }: Told & { readonly state: string | undefined },
): string[] {
  const rows = rowsOf(answer).filter((check) => state !== undefined || check.status !== 'passing')
  const shown = sickFirst(rows, (check) => ({ state: stateOf([check]), name: `${check.dc} ${check.node} ${check.id}` }))
  const counted = countsText(rows.map((check) => stateOf([check])))
  const what = state === undefined ? 'that do not pass' : state === 'any' ? 'in all' : `that are ${state}`
  const calm =
    rows.length === 0 && state === undefined && answer.datacenters.every(({ trouble }) => trouble === undefined)
  const seen = hiddenText(answer).length > 0 ? ' that our ACL token may read' : ''
  const first = calm ? `✅ Every check${seen} passes.` : `*${count(rows.length, 'check')}* ${what}${counted}`
  const lines = shown.map((check) => {
    const of = check.service
      ? `of ${asCode(check.service)} on ${asCode(check.node)}`
      : `of the node ${asCode(check.node)}`
    return `${ICONS[stateOf([check])]} ${of} in ${asCode(check.dc)}: ${checkLine(check, told.since, told.now)}`
  })
  return [...head(first, answer), ...lines]
}

/** Each datacenter with its leader, its servers and how many nodes it has. */
export function describeDatacenters(answer: Everywhere<Datacenter>): string[] {
  const away = answer.datacenters.filter(isAway).length
  const refuses = answer.datacenters.some((each) => each.trouble !== undefined && each.refused)
  const first = `*${count(answer.datacenters.length, 'datacenter')}*${away > 0 ? `, ${away} unreachable` : refuses ? '' : ', all reachable'}`
  return [...head(first, answer), ...answer.datacenters.map(datacenterLine)]
}

const isAway = (each: DcAnswer<unknown>) => each.trouble !== undefined && !each.refused

function datacenterLine(each: DcAnswer<Datacenter>): string {
  if (each.trouble !== undefined)
    return `🔴 ${asCode(each.dc)} *${isAway(each) ? 'unreachable' : 'refuses us'}*: neither leader nor nodes are known`
  const { leader, servers, nodes } = each.rows
  const led = leader === null ? '*no leader*' : `leader ${asCode(leader)}`
  const known = nodes === null ? 'nodes cannot be counted' : count(nodes, 'node')
  const voting = `${count(servers.length, 'server')}${servers.length > 0 ? ` (${servers.map(asCode).join(', ')})` : ''}`
  return `${leader === null ? '🟠' : '🟢'} ${asCode(each.dc)} reachable: ${led}, ${voting}, ${known}`
}

export function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`
}
