import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** What a host of the inventory is called, and where it is. */
export type Host = { readonly name: string; readonly address: string }

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

/** JSON is YAML as well: the `yaml` plugin reads it. Nothing of a host is a template, since names and addresses have no braces. */
export function inventoryText(hosts: readonly Host[], vars: Readonly<Record<string, unknown>>): string {
  const each = hosts.map(({ name, address }) => [name, { ansible_host: address }])
  return JSON.stringify({ all: { hosts: Object.fromEntries(each), vars } })
}

/** Names and addresses come from whoever may register in Consul: nothing but these may be in them. */
export function isHost({ name, address }: Host): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && /^[A-Za-z0-9][A-Za-z0-9.:_-]*$/.test(address)
}

/** The recap of all hosts; null where the playbook never came so far. */
export async function readRecap(file: string): Promise<Recap | null> {
  try {
    return recap.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return null
  }
}
