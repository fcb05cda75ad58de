import { parseArgs } from 'node:util'
import { readSite } from '../config/site.ts'
import { readConfig } from '../config.ts'
import { didYouMean } from '../core/command/suggest.ts'
import { nearNames } from '../core/consul/miss.ts'
import { milliseconds } from '../core/duration.ts'
import { ansibleList, hostVariables, type Missing } from '../core/inventory/ansible.ts'
import { buildInventory } from '../core/inventory/build.ts'
import type { Inventory } from '../core/inventory/inventory.ts'
import { datacenterIn } from '../core/inventory/settings.ts'
import type { Site } from '../core/site.ts'
import { shown } from '../core/text.ts'
import { type NodesRead, readNodes } from '../engine/inventory/read.ts'
import { messageOf, UserError } from '../errors.ts'
import { clean } from '../slack/limits.ts'
import { createCatalog } from '../tools/consul/catalog.ts'
import { ConsulFailure } from '../tools/consul/watch/failure.ts'
import { siteFile } from './places.ts'
import { type Ended, type Given, ServerAway } from './verb.ts'
import { usageOf } from './verbs.ts'

/**
 * `inventory`: what Ansible reads from an inventory script, from Consul alone. Without all of it there is an error and no inventory, unless
 * somebody asked for a part: what looks whole and is not would leave hosts out of a play without a word.
 */
export async function inventoryVerb(given: Given): Promise<Ended> {
  const asked = askedIn(given.words)
  const { settings } = readConfig(given.env)
  const site = await readSite(siteFile(given))
  const { read, inventory } = await gathered(site, asked, {
    address: settings.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500',
    token: settings.CONSUL_HTTP_TOKEN,
  })
  const lacks = lacking(read, inventory)
  const notes = [...lacks, ...unfit(inventory), ...read.warnings, ...inventory.warnings].map(clean)
  const nothing = read.parts.length === 0
  if (lacks.length > 0 && (!asked.partial || nothing))
    return { err: [...notes, nothing ? 'Nothing answered, so there is no inventory.' : REFUSED].join('\n'), code: 1 }
  const out = asked.host === undefined ? listed(site, inventory, read.missing) : oneHost(site, inventory, asked.host)
  return { out, ...(notes.length > 0 ? { err: notes.join('\n') } : {}), code: 0 }
}

const REFUSED =
  'The inventory is not complete, so there is none. `--partial` gives what there is; `--dc` asks only some datacenters.'

type Asked = {
  readonly host: string | undefined
  readonly dcs: readonly string[]
  readonly passing: boolean
  readonly partial: boolean
}

function askedIn(words: readonly string[]): Asked {
  const flag = { type: 'boolean', default: false } as const
  const options = {
    list: flag,
    passing: flag,
    partial: flag,
    host: { type: 'string' },
    dc: { type: 'string', multiple: true },
  } as const
  try {
    const { values } = parseArgs({ args: [...words], options, strict: true })
    const { list, host, dc: dcs = [], passing, partial } = values
    if (list === (host !== undefined)) throw new Error('Say either `--list` or `--host` with a name')
    return { host, dcs, passing, partial }
  } catch (cause) {
    throw new UserError(`${messageOf(cause).split('. ')[0]}.\n${usageOf('inventory')}`, { cause })
  }
}

type Consul = { readonly address: string; readonly token: string | undefined }

async function gathered(site: Site, { host, dcs, passing }: Asked, consul: Consul) {
  const { inventory: settings } = site
  const catalog = createCatalog(consul.address, consul.token)
  const limitMs = milliseconds(settings.within)
  try {
    const named = site.consul.datacenters ?? (await catalog.datacenters({ limitMs }))
    // The name of a host says where it is: another datacenter that is away does not matter then.
    const itsOwn = host !== undefined && dcs.length === 0 && settings.names === 'node.dc' ? datacenterIn(host) : ''
    const read = await readNodes({ catalog, named, settings, limitMs }, named.includes(itsOwn) ? [itsOwn] : dcs)
    return { read, inventory: buildInventory(read.parts, settings, { passing, dcs: read.dcs }) }
  } catch (error) {
    if (error instanceof ConsulFailure) throw new ServerAway(error.message, { cause: error })
    throw error
  }
}

/** Why this is not all of it: datacenters that did not answer, and hosts that nobody can name or reach as the site wants it. */
function lacking({ missing }: NodesRead, { leftOut }: Inventory): string[] {
  const hosts = leftOut.filter((each) => !each.unfit)
  return [
    ...missing.map(({ dc, why }) => `${dc} is missing: ${why}.`),
    ...hosts.map(({ node, dc, why }) => `${shown(node)} of ${dc} is missing: ${why}.`),
  ]
}

/** Whoever may register a node must not take the inventory from the others: so these are told, and are no reason to have none. */
function unfit({ leftOut }: Inventory): string[] {
  return leftOut.filter((each) => each.unfit).map(({ node, dc, why }) => `${shown(node)} of ${dc} is left out: ${why}.`)
}

function listed({ inventory: settings }: Site, inventory: Inventory, missing: Missing): string {
  return JSON.stringify(ansibleList(inventory, settings, missing), null, 2)
}

function oneHost({ inventory: settings }: Site, { hosts }: Inventory, name: string): string {
  const host = hosts.find((each) => each.name === name)
  if (host) return JSON.stringify(hostVariables(host, settings), null, 2)
  const names = hosts.map((each) => each.name)
  const hint = didYouMean(nearNames(name, names)) || ' `--list` has them all.'
  throw new UserError(`There is no host ${shown(name)}.${hint}`)
}
