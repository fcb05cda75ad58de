import { didYouMean } from '../command/suggest.ts'
import { asCode, shown } from '../text.ts'
import { count } from './describe.ts'
import { freshLine, troubleLines } from './freshness.ts'
import { ICONS, placeOf, sickFirst, stateOf } from './health.ts'
import { nearNames } from './miss.ts'
import type { Everywhere, FullNode, Instance } from './rows.ts'
import { rowsOf } from './rows.ts'

type Found = {
  readonly services: readonly { readonly name: string; readonly dc: string; readonly instances: number }[]
  readonly nodes: readonly (FullNode & { readonly dc: string })[]
  /** By their own id, address or tag; those of a service that was found by name are counted there. */
  readonly instances: readonly (Instance & { readonly dc: string; readonly why: string })[]
}

/** Everything that has each of the words in it, in any case: in a name, a node, an address or a tag. */
export function search(answer: Everywhere<readonly FullNode[]>, thing: string): Found {
  const words = thing.toLowerCase().split(/\s+/).filter(Boolean)
  const has = (text: string) => words.every((word) => text.toLowerCase().includes(word))
  const nodes = rowsOf(answer)
  const all = nodes.flatMap((node) => node.instances.map((instance) => ({ ...instance, dc: node.dc })))
  const named = Map.groupBy(
    all.filter(({ service }) => has(service)),
    ({ dc, service }) => `${dc}\n${service}`,
  )
  const services = [...named.values()].flatMap(([first, ...rest]) =>
    first ? [{ name: first.service, dc: first.dc, instances: rest.length + 1 }] : [],
  )
  const instances = all.flatMap((instance) => {
    const why = has(instance.service) ? null : whyOf(instance, has)
    return why === null ? [] : [{ ...instance, why }]
  })
  return {
    services: services.toSorted((one, other) => rank(one.name, thing) - rank(other.name, thing) || order(one, other)),
    nodes: nodes.filter((node) => has(node.node) || has(node.address) || Object.values(node.addresses).some(has)),
    instances,
  }
}

/** Its place has the port, so that `10.0.0.1:80` is found as well. Words may be spread over all of it. */
function whyOf(instance: Instance, has: (text: string) => boolean): string | null {
  const tag = instance.tags.find(has)
  if (has(placeOf(instance))) return 'by its address'
  if (tag !== undefined) return `by its tag ${asCode(tag)}`
  if (has(instance.id)) return 'by its id'
  return has([instance.service, instance.id, instance.node, placeOf(instance), ...instance.tags].join(' ')) &&
    !has(instance.node)
    ? 'by all of it together'
    : null
}

/** The very name, then what begins with it, then what has it somewhere. */
function rank(name: string, thing: string): number {
  const [one, other] = [name.toLowerCase(), thing.toLowerCase()]
  if (one === other) return 0
  return one.startsWith(other) ? 1 : 2
}

function order(one: { name: string; dc: string }, other: { name: string; dc: string }): number {
  return `${one.name}\n${one.dc}` < `${other.name}\n${other.dc}` ? -1 : 1
}

function namesIn(answer: Everywhere<readonly FullNode[]>): string[] {
  const nodes = rowsOf(answer)
  const instances = nodes.flatMap((node) => node.instances)
  const names = [...nodes.map(({ node }) => node), ...instances.flatMap(({ service, tags }) => [service, ...tags])]
  return [...new Set(names)]
}

export function describeWhere(thing: string, answer: Everywhere<readonly FullNode[]>): string[] {
  const { services, nodes, instances } = search(answer, thing)
  const found = services.length + nodes.length + instances.length
  const head = [
    found === 0
      ? `Nothing has ${shown(thing)} in a name, a node, an address or a tag.${didYouMean(nearNames(thing, namesIn(answer)))}`
      : `${shown(thing)}: ${count(services.length, 'service')}, ${count(nodes.length, 'node')}, ${count(instances.length, 'instance')} besides`,
    ...troubleLines(answer),
    freshLine(answer),
  ]
  return [
    ...head,
    ...services.map(
      ({ name, dc, instances: many }) => `• service ${asCode(name)} in ${asCode(dc)}: ${count(many, 'instance')}`,
    ),
    ...sickFirst(nodes, (node) => ({ state: stateOf(node.checks), name: `${node.node} ${node.dc}` })).map(
      (node) =>
        `• node ${asCode(node.node)} in ${asCode(node.dc)}: ${ICONS[stateOf(node.checks)]} ${asCode(node.address)}, ${count(node.instances.length, 'instance')}`,
    ),
    ...sickFirst(instances, (each) => ({
      state: stateOf(each.checks),
      name: `${each.service} ${each.dc} ${each.id}`,
    })).map(
      (each) =>
        `• instance ${ICONS[stateOf(each.checks)]} ${asCode(placeOf(each))} of ${asCode(each.service)} on ${asCode(each.node)} in ${asCode(each.dc)}, ${each.why}`,
    ),
  ]
}
