import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** What a host of the inventory is called, where it is, and the port of its service there, which is none of SSH. */
export type Host = { readonly name: string; readonly address: string; readonly port: number }

const count = z.number()
const recap = z.record(
  z.string(),
  z.object({ ok: count, changed: count, failures: count, unreachable: count, skipped: count }),
)
export type Recap = z.infer<typeof recap>

/** The folder of our callback, which writes the recap as JSON. */
const CALLBACKS = join(import.meta.dirname, 'ansible')

export type PlaybookFiles = {
  readonly inventory: string
  readonly variables: string
  readonly recap: string
  readonly temporary: string
}

/** `ansible-playbook` with an inventory and variables from files; `limit` is the name of one host. */
export function playbookArgv(
  playbook: string,
  { inventory, variables }: PlaybookFiles,
  limit: string | null,
): string[] {
  const only = limit === null ? [] : ['--limit', limit]
  return ['ansible-playbook', '--inventory', inventory, ...only, '--extra-vars', `@${variables}`, playbook]
}

/** Text without colours on standard output, and the recap in its file. */
export function playbookEnv(files: PlaybookFiles): Record<string, string> {
  return {
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_CALLBACK_PLUGINS: CALLBACKS,
    ANSIBLE_CALLBACKS_ENABLED: 'groundcrew_recap',
    ANSIBLE_LOCAL_TEMP: files.temporary,
    ANSIBLE_INVENTORY_ENABLED: 'yaml',
    GROUNDCREW_RECAP: files.recap,
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    LC_ALL: 'C.UTF-8',
  }
}

/**
 * JSON is YAML as well: the `yaml` plugin reads it. Nothing of a host is a template, since names and addresses have no braces. A play may say
 * `hosts: all`, or the service, spelled as a group has to be; without that group where a limit to a host of this name would mean all of it.
 */
export function inventoryText(
  hosts: readonly Host[],
  { service, vars, limit }: { service: string; vars: Readonly<Record<string, unknown>>; limit?: string | undefined },
): string {
  const each = hosts.map(({ name, address, port }) => [name, { ansible_host: address, service_port: port }])
  const group = service.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_')
  const taken = ['all', 'ungrouped', limit].includes(group)
  const names = Object.fromEntries(hosts.map(({ name }) => [name, {}]))
  const children = taken ? {} : { children: { [group]: { hosts: names } } }
  return JSON.stringify({ all: { hosts: Object.fromEntries(each), vars, ...children } })
}

/**
 * Names and addresses come from whoever may register in Consul: nothing but these may be in them. Nomad's ids begin with `_`; `all` and
 * `ungrouped` are groups of every inventory.
 */
export function isHost({ name, address }: Pick<Host, 'name' | 'address'>): boolean {
  if (name === 'all' || name === 'ungrouped') return false
  return /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name) && /^[A-Za-z0-9][A-Za-z0-9.:_-]*$/.test(address)
}

/** The recap of all hosts; null where the playbook never came so far. */
export async function readRecap(file: string): Promise<Recap | null> {
  try {
    return recap.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return null
  }
}

/** Sums over all hosts, and the names of those on which it failed. */
export function sumOf(recap: Recap) {
  const all = Object.values(recap)
  const sum = (field: keyof Recap[string]) => all.reduce((total, each) => total + each[field], 0)
  return {
    ...{ hosts: Object.keys(recap), failed: brokenIn(recap), ok: sum('ok'), changed: sum('changed') },
    ...{ failures: sum('failures'), unreachable: sum('unreachable'), skipped: sum('skipped') },
  }
}

export function brokenIn(recap: Recap): string[] {
  return Object.entries(recap).flatMap(([host, { failures, unreachable }]) =>
    failures + unreachable > 0 ? [host] : [],
  )
}

const MOST_SAID = 500

/** What Ansible says where it comes to no host: a playbook that is none, a vault without its password. Empty where it says nothing. */
export function errorIn(text: string): string {
  const line = text.split('\n').find((each) => /^(ERROR!|\[ERROR\]:) /.test(each)) ?? ''
  return line.length <= MOST_SAID ? line : `${line.slice(0, MOST_SAID)}…`
}
